import Foundation
package import IntentProtocol

/// Secrets of AWS: those of Secrets Manager, and what KMS decrypts.
package final class AWSSource: Sendable {
    private let secretsManager: AWSExchange
    private let keyManagement: AWSExchange
    private let local: LocalSecrets

    package convenience init(_ settings: AWSSettings, timeoutMilliseconds: Int64, around: SecretSurroundings) {
        let http = HTTPTransport(
            service: "AWS", authorityFile: settings.authorityFile, timeoutMilliseconds: timeoutMilliseconds)
        self.init(settings, transport: http, around: around)
    }

    package init(_ settings: AWSSettings, transport: any ServiceTransport, around: SecretSurroundings) {
        local = LocalSecrets(around)
        let chain = AWSCredentialChain(settings, transport: transport, local: local)
        let credentials = AWSCredentialHolder(around) { () async throws(SourceFault) in try await chain.fetch() }
        let exchange = { (service: AWSSettings.Service, target: String) in
            AWSExchange(
                service, target: target, settings: settings, credentials: credentials, transport: transport,
                around: around)
        }
        secretsManager = exchange(.secretsManager, "secretsmanager")
        keyManagement = exchange(.keyManagement, "TrentService")
    }

    /// A secret of Secrets Manager, or a member of the JSON object in it.
    package func secret(
        _ name: String, member: String?, versionStage: String?, versionId: String?
    ) async throws(SourceFault) -> SecretVersion {
        var body: JSONValue = ["SecretId": .string(name)]
        if let versionStage { body = body.adding("VersionStage", .string(versionStage)) }
        if let versionId { body = body.adding("VersionId", .string(versionId)) }
        let answer = try await secretsManager.call("GetSecretValue", body, to: "reading '\(name)'")
        let version = answer["VersionId"]?.stringValue
        var bytes: [UInt8]
        if let text = answer["SecretString"]?.stringValue {
            bytes = Array(text.utf8)
        } else if let text = answer["SecretBinary"]?.stringValue, let data = Data(base64Encoded: text) {
            bytes = Array(data)
        } else {
            bytes = []
        }
        guard !bytes.isEmpty else {
            throw SourceFault(.unusable, "'\(name)' has neither a text nor bytes; put a value into it")
        }
        guard let member else { return SecretVersion(SecretBytes(bytes), version: version) }
        return SecretVersion(try JSONMember.value(member, of: bytes, in: "'\(name)'"), version: version)
    }

    /// What KMS makes of a ciphertext.
    package func decrypted(
        _ ciphertext: [UInt8], keyId: String?, context: [String: String]
    ) async throws(SourceFault) -> SecretVersion {
        var body = Self.with(context, ["CiphertextBlob": .string(Data(ciphertext).base64EncodedString())])
        if let keyId { body = body.adding("KeyId", .string(keyId)) }
        let answer = try await keyManagement.call("Decrypt", body, to: "decrypting")
        return SecretVersion(try Self.bytes("Plaintext", in: answer).secret)
    }

    /// The ciphertext in a file, as bytes or as the base64 that the AWS command prints, decrypted.
    func decrypted(
        file: String, keyId: String?, context: [String: String]
    ) async throws(SourceFault) -> SecretVersion {
        let contents = try local.contents(of: file)
        let text = contents.filter { !($0 == 0x20 || (0x09...0x0d).contains($0)) }
        let ciphertext = Data(base64Encoded: Data(text)).map { Array($0) } ?? contents
        // What KMS takes; more is no ciphertext of it.
        guard (1...6_144).contains(ciphertext.count) else {
            throw SourceFault(.unusable, "'\(file)' holds no ciphertext of KMS: 1 to 6144 bytes, or their base64")
        }
        return try await decrypted(ciphertext, keyId: keyId, context: context)
    }

    /// A new key of 256 bits, and its form that KMS alone can decrypt.
    package func dataKey(keyId: String, context: [String: String]) async throws(SourceFault) -> DataKey {
        let body = Self.with(context, ["KeyId": .string(keyId), "KeySpec": "AES_256"])
        let answer = try await keyManagement.call("GenerateDataKey", body, to: "a data key of '\(keyId)'")
        return DataKey(
            plaintext: try Self.bytes("Plaintext", in: answer).secret,
            wrapped: try Self.bytes("CiphertextBlob", in: answer).bytes)
    }

    private static func with(_ context: [String: String], _ body: JSONValue) -> JSONValue {
        guard !context.isEmpty else { return body }
        var object = JSONObject()
        for name in context.keys.sorted() { object[name] = context[name].map { .string($0) } }
        return body.adding("EncryptionContext", .object(object))
    }

    private static func bytes(
        _ member: String, in answer: JSONObject
    ) throws(SourceFault) -> (bytes: [UInt8], secret: SecretBytes) {
        guard let text = answer[member]?.stringValue, let data = Data(base64Encoded: text), !data.isEmpty else {
            throw SourceFault(.unusable, "KMS answered without \(member)")
        }
        return (Array(data), SecretBytes(Array(data)))
    }
}

extension JSONValue {
    fileprivate func adding(_ name: String, _ value: JSONValue) -> JSONValue {
        var object = objectValue ?? JSONObject()
        object[name] = value
        return .object(object)
    }
}
