import Crypto
package import Documents
import IntentProtocol

/// Reads and writes the document of a key ring.
///
///     {"keys": [{"id": "2026-11-a", "key": "<44 characters of base64, or 64 hex digits>", "profile": "v2",
///                "use": ["clients", "workers"], "activeFrom": "2026-11-28T00:00:00Z", "opensUntil": "2026-12-28T00:00:00Z"}]}
///
/// JSON, or YAML of the same shape. `profile` is `v2` unless stated; in `v1` a key may be `text`, taken as the Python package takes
/// it. `use` names both unless stated, `activeFrom` is the beginning of time and `opensUntil` its end. In the place of a
/// document a key alone may stand: 64 hex digits, or 32 characters.
///
/// No message quotes a value or an unknown name: any of them may be a key that stands in the wrong place. What is read passes
/// through strings of the parser, which are released and not wiped.
package enum KeyRingDocument {
    /// The most bytes of a document.
    package static let bytesMax = 64 << 10
    private static let limits: DocumentLimits = {
        var limits = DocumentLimits()
        limits.bytesMax = bytesMax
        limits.nodesMax = 1_000
        limits.depthMax = 4
        return limits
    }()

    /// Reads a ring.
    ///
    /// - Parameters:
    ///   - bytes: the document, or a key alone.
    ///   - file: the name that places carry.
    ///   - simpleProfile: the profile of a key that stands alone.
    ///   - messagesMaxPerKey: how many messages a key seals in this process.
    /// - Throws: every fault with its place and what would be right.
    package static func read(
        _ bytes: [UInt8], file: String, simpleProfile: EMCLProfile = .v2,
        messagesMaxPerKey: UInt64 = KeyRing.messagesMax
    ) throws(DiagnosticError) -> KeyRing {
        let start = SourceLocation(file: file, line: 1, column: 1)
        if let key = SimpleKey.read(bytes, profile: simpleProfile) {
            return try ring([key], messagesMaxPerKey, at: start)
        }
        let diagnostics = Diagnostics()
        let root = try parse(bytes, file: file)
        let keys = KeyRingReader(diagnostics: diagnostics).keys(root)
        guard !diagnostics.hasErrors else { throw DiagnosticError(diagnostics.errors) }
        return try ring(keys, messagesMaxPerKey, at: root["keys"]?.location ?? start)
    }

    private static func ring(
        _ keys: [RingKey], _ messagesMax: UInt64, at location: SourceLocation
    ) throws(DiagnosticError) -> KeyRing {
        do throws(KeyRing.Fault) { return try KeyRing(keys, messagesMaxPerKey: messagesMax) } catch {
            throw DiagnosticError(error.description, at: location)
        }
    }

    private static func parse(_ bytes: [UInt8], file: String) throws(DiagnosticError) -> DocumentNode {
        let start = SourceLocation(file: file, line: 1, column: 1)
        guard bytes.count <= bytesMax else {
            throw DiagnosticError("a key ring has at most \(bytesMax) bytes", at: start)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DiagnosticError("a key ring is UTF-8 text", at: start)
        }
        let isJSON = bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 } == UInt8(ascii: "{")
        do throws(DiagnosticError) {
            return isJSON
                ? try DocumentParser.json(text, file: file, limits: limits)
                : try DocumentParser.yaml(text, file: file, limits: limits)
        } catch {
            // The parser's own words may quote what stands there.
            let form = isJSON ? "JSON" : "YAML"
            throw DiagnosticError(
                "not a key ring: strict \(form) ends here, by its syntax or a name given twice",
                at: error.diagnostics.first?.location ?? start)
        }
    }

    /// The document of a ring, for who makes keys: it holds them in clear.
    ///
    /// A key of profile `v1` that is 32 visible characters is written as `text`, which the Python package takes too.
    package static func text(of ring: KeyRing) -> String {
        let lines = ring.keys.map { key in
            let uses = KeyUse.allCases.filter(key.uses.contains).map { "\"\($0.rawValue)\"" }
            var members = ["\"id\": \"\(key.id)\"", written(key), "\"profile\": \"\(key.profile.rawValue)\""]
            members.append("\"use\": [\(uses.joined(separator: ", "))]")
            members.append("\"activeFrom\": \"\(UTCTime.text(key.activeFromMilliseconds))\"")
            if let end = key.opensUntilMilliseconds { members.append("\"opensUntil\": \"\(UTCTime.text(end))\"") }
            return "  {\(members.joined(separator: ", "))}"
        }
        return "{\"keys\": [\n\(lines.joined(separator: ",\n"))\n]}\n"
    }

    private static func written(_ key: RingKey) -> String {
        let bytes = key.bytes.key.withUnsafeBytes { Array($0) }
        // What needs no escape in JSON.
        let isText = bytes.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        guard key.profile == .v1, isText else { return "\"key\": \"\(Base64.text(of: bytes))\"" }
        return "\"text\": \"\(String(decoding: bytes, as: UTF8.self))\""
    }
}
