import Crypto
import Foundation

/// An issuer of the tokens that the cases' claims are signed into.
struct DecisionIssuer: Sendable {
    private let key = P256.Signing.PrivateKey()

    /// Its key as a JWKS document.
    var jwks: String {
        let raw = key.publicKey.rawRepresentation
        return """
            {"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"k1",\
            "x":"\(Self.text(raw.prefix(32)))","y":"\(Self.text(raw.suffix(32)))"}]}
            """
    }

    /// A token with these claims and no others, so it never expires.
    func token(_ claims: EnvoyValue) throws -> String {
        let head = Self.text(Data(#"{"alg":"ES256","kid":"k1"}"#.utf8))
        let signed = "\(head).\(Self.text(Data(try claims.json.utf8)))"
        return "\(signed).\(Self.text(try key.signature(for: Data(signed.utf8)).rawRepresentation))"
    }

    private static func text(_ bytes: some DataProtocol) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
