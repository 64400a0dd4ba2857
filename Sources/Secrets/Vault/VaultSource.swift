import Foundation
package import IntentProtocol

/// Secrets of HashiCorp Vault, or of OpenBao, which speaks the same API: KV version 2 and Transit.
package final class VaultSource: Sendable {
    private let exchange: VaultExchange
    private let session: VaultSession
    private let local: LocalSecrets

    package convenience init(_ settings: VaultSettings, timeoutMilliseconds: Int64, around: SecretSurroundings) {
        let http = HTTPTransport(
            service: "Vault at \(settings.address)", authorityFile: settings.authorityFile,
            timeoutMilliseconds: timeoutMilliseconds)
        self.init(settings, transport: http, around: around)
    }

    package init(_ settings: VaultSettings, transport: any ServiceTransport, around: SecretSurroundings) {
        local = LocalSecrets(around)
        exchange = VaultExchange(
            settings: settings, transport: RetryingTransport(inner: transport, around: around))
        session = VaultSession(exchange, local: local)
    }

    /// Keeps the token good until cancelled.
    package func run() async { await session.run() }

    /// A field of a KV v2 secret.
    package func field(
        _ field: String, mount: String, path: String, version: Int?
    ) async throws(SourceFault) -> SecretVersion {
        let place = VaultExchange.path(mount, "data", path)
        let answer = try await asked(
            .get, version.map { "\(place)?version=\($0)" } ?? place, to: "reading \(mount)/\(path)")
        guard let data = answer.objectValue?["data"]?.objectValue, let fields = data["data"]?.objectValue else {
            throw SourceFault(.unusable, "\(mount)/\(path) is no KV v2 secret; is the mount a KV engine of version 2?")
        }
        guard let found = fields[field] else {
            throw SourceFault(.missing, "\(mount)/\(path) has no field '\(field)'; correct the name behind #")
        }
        guard let text = found.stringValue, !text.isEmpty else {
            throw SourceFault(.unusable, "field '\(field)' of \(mount)/\(path) is no text, or an empty one")
        }
        let number = data["metadata"]?.objectValue?["version"]?.intValue
        return SecretVersion(SecretBytes(Array(text.utf8)), version: number.map { "\($0)" })
    }

    /// A ciphertext that Transit decrypts.
    package func decrypted(_ ciphertext: String, mount: String, key: String) async throws(SourceFault) -> SecretVersion
    {
        let answer = try await asked(
            .post, VaultExchange.path(mount, "decrypt", key), body: ["ciphertext": .string(ciphertext)],
            to: "decrypting by \(mount)/\(key)")
        return SecretVersion(try Self.plaintext(answer))
    }

    /// The ciphertext in a file, as `vault write transit/encrypt/…` printed it, decrypted.
    func decrypted(file: String, mount: String, key: String) async throws(SourceFault) -> SecretVersion {
        let text = String(decoding: try local.contents(of: file), as: UTF8.self)
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, words[0].hasPrefix("vault:v"), words[0].utf8.count <= 64 << 10 else {
            throw SourceFault(
                .unusable, "'\(file)' holds no Transit ciphertext (vault:v1:…); write what Vault printed into it")
        }
        return try await decrypted(String(words[0]), mount: mount, key: key)
    }

    /// A new key of 256 bits, and its form that Transit alone can decrypt.
    package func dataKey(mount: String, key: String) async throws(SourceFault) -> DataKey {
        let answer = try await asked(
            .post, VaultExchange.path(mount, "datakey/plaintext", key), body: ["bits": 256],
            to: "a data key of \(mount)/\(key)")
        guard let wrapped = answer.objectValue?["data"]?.objectValue?["ciphertext"]?.stringValue else {
            throw SourceFault(.unusable, "Vault answered a data key without its ciphertext")
        }
        return DataKey(plaintext: try Self.plaintext(answer), wrapped: Array(wrapped.utf8))
    }

    /// Asks with the token; once more with another when the token is refused.
    private func asked(
        _ method: ServiceRequest.Method, _ path: String, body: JSONValue? = nil, to what: String
    ) async throws(SourceFault) -> JSONValue {
        let token = try await session.token()
        do throws(SourceFault) {
            return try await exchange.send(method, path, token: token, body: body, to: what)
        } catch {
            // 403 is a policy that forbids the path, or a token that is gone: only another token tells which.
            guard error.kind == .denied, await session.refused(token) else { throw error }
            return try await exchange.send(method, path, token: try await session.token(), body: body, to: what)
        }
    }

    private static func plaintext(_ answer: JSONValue) throws(SourceFault) -> SecretBytes {
        guard let text = answer.objectValue?["data"]?.objectValue?["plaintext"]?.stringValue,
            let data = Data(base64Encoded: text), !data.isEmpty
        else { throw SourceFault(.unusable, "Vault's Transit answered without a plaintext") }
        return SecretBytes(Array(data))
    }
}

/// A key that a manager made, and its wrapped form, which only the manager opens: kept beside what the key encrypts.
package struct DataKey: Sendable {
    package let plaintext: SecretBytes
    package let wrapped: [UInt8]

    package init(plaintext: SecretBytes, wrapped: [UInt8]) {
        self.plaintext = plaintext
        self.wrapped = wrapped
    }
}
