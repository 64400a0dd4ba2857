import Encryption
import Foundation
import IntentProtocol
import Testing

/// What the tests of sealing share: rings in files, tokens, and the gateway's end of a seal.
enum SealingFixture {
    /// A ring of one key whose bytes are all the same.
    static func ringDocument(_ id: String = "a", byte: String = "5a") -> String {
        #"{"keys": [{"id": "\#(id)", "key": "\#(String(repeating: byte, count: 32))"}]}"#
    }

    /// A ring in a file of its own.
    static func ringFile() throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "ring-\(UUID().uuidString).json").path
        try ringDocument().write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// A token whose claims nobody verified: the gateway would.
    static func token(_ claims: String) -> String {
        let body = Data(claims.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
        return "e30.\(body).c2ln"
    }

    /// A token of a subject and a tenant.
    static func token(subject: String, tenant: String) -> String {
        token(#"{"sub":"\#(subject)","tenant":"\#(tenant)"}"#)
    }

    /// Opens a request as a gateway that knows the caller.
    static func opened(
        _ request: ScriptedGateway.Request, caller: String, tenant: String, key id: String = "a", byte: String = "5a"
    ) throws -> OpenedMessage {
        let key = try #require(
            KeyBytes(encoded: String(repeating: byte, count: 32).utf8).flatMap { RingKey(id: id, bytes: $0) })
        let frame = try #require(try SealedFrame.read(request.body, bytesMax: request.body.count))
        return try KeyRing([key]).open(
            frame, as: .request(caller: Array(caller.utf8)[...], tenant: Array(tenant.utf8)[...]), under: EMCLRules(),
            nowUnixMilliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }
}
