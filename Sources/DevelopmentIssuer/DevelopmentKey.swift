import CryptoExtras
import Foundation

/// An RSA key that signs tokens for development and tests; never a production issuer.
///
/// It describes itself as redacted, so that it cannot be printed by accident.
package struct DevelopmentKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// What goes wrong with a key file.
    package enum Failure: Error, CustomStringConvertible {
        case unreadable(path: String)

        package var description: String {
            switch self {
            case .unreadable(let path): "\(path) holds no RSA private key in PEM form"
            }
        }
    }

    /// The name of the key in the JWKS and in the header of every token.
    package let keyId: String
    private let key: _RSA.Signing.PrivateKey

    package var description: String { "DevelopmentKey(\(keyId), <redacted>)" }
    package var debugDescription: String { description }

    /// Makes a new key of 2048 bits.
    package init(keyId: String) throws {
        self.keyId = keyId
        self.key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    }

    private init(keyId: String, key: _RSA.Signing.PrivateKey) {
        self.keyId = keyId
        self.key = key
    }

    /// Reads the key at `path`, or makes one and writes it there, readable by its owner only.
    package static func loadOrCreate(path: String, keyId: String) throws -> DevelopmentKey {
        if let pem = try? String(contentsOfFile: path, encoding: .utf8) {
            guard let key = try? _RSA.Signing.PrivateKey(pemRepresentation: pem) else {
                throw Failure.unreadable(path: path)
            }
            return DevelopmentKey(keyId: keyId, key: key)
        }
        let fresh = try DevelopmentKey(keyId: keyId)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Created with its final permissions: a moment of world-readable key would be enough to lose it.
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(fresh.key.pemRepresentation.utf8), attributes: [.posixPermissions: 0o600])
        else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path]) }
        return fresh
    }

    /// The public half as a JWKS document.
    package func jwks() throws -> String {
        let numbers = try key.publicKey.getKeyPrimitives()
        return """
            {"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"\(keyId)",\
            "n":"\(base64URL(numbers.modulus))","e":"\(base64URL(numbers.publicExponent))"}]}
            """
    }

    /// Signs a compact JWT with RS256.
    package func sign(_ claims: DevelopmentClaims) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let header = Data(#"{"alg":"RS256","kid":"\#(keyId)","typ":"JWT"}"#.utf8)
        let signed = try "\(base64URL(header)).\(base64URL(encoder.encode(claims)))"
        let signature = try key.signature(for: Data(signed.utf8), padding: .insecurePKCS1v1_5)
        return "\(signed).\(base64URL(signature.rawRepresentation))"
    }

    private func base64URL(_ data: Data) -> String {
        data.base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
