/// Reads the fields of one mapping, and notes whatever is wrong with them.
///
/// Each reading method names a key it knows. `finish()` then reports every key that nobody asked for. A key set to null
/// counts as absent. Every method returns nil when the key is absent and also when its value is of no use, in which
/// case an error has been noted.
package struct FieldReader {
    /// The way from the document's root: `authentication.issuers[0]`; empty for the root.
    package let path: String
    /// Where the mapping stands.
    package let location: SourceLocation
    /// Where faults are noted.
    package let diagnostics: Diagnostics
    /// Whether the value was a mapping at all (or null, which reads as an empty one).
    package let isMapping: Bool

    private let members: [DocumentNode.Member]
    private var knownKeys: [String] = []

    /// Starts reading; notes an error when the value is no mapping.
    package init(_ node: DocumentNode, path: String = "", into diagnostics: Diagnostics) {
        self.path = path
        self.diagnostics = diagnostics
        location = node.location
        members = node.mapping ?? []
        isMapping = node.isNull || node.mapping != nil
        if !isMapping {
            let name = path.isEmpty ? "the document" : path
            diagnostics.error("\(name) must be a mapping, found \(node.summary)", at: node.location)
        }
    }

    /// The keys that are there, known or not, in the order they came.
    package var keys: [String] { members.map(\.key) }

    /// Whether the key is there with a value other than null; it does not become a known key by this.
    package func has(_ key: String) -> Bool {
        peek(key) != nil
    }

    /// The value of a key unless it is null; it does not become a known key by this.
    package func peek(_ key: String) -> DocumentNode? {
        guard let node = members.first(where: { $0.key == key })?.value, !node.isNull else { return nil }
        return node
    }

    /// Where the value of a key stands; the mapping itself when the key is absent.
    package func location(of key: String) -> SourceLocation {
        members.first { $0.key == key }?.value.location ?? location
    }

    /// The full name of a key: `authentication.issuers[0].issuer`.
    package func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Notes an error at the value of a key.
    package func error(_ message: String, at key: String) {
        diagnostics.error(message, at: location(of: key))
    }

    /// Notes a warning at the value of a key.
    package func warning(_ message: String, at key: String) {
        diagnostics.warning(message, at: location(of: key))
    }

    /// The value of a key as it came, null included.
    package mutating func node(_ key: String) -> DocumentNode? {
        if !knownKeys.contains(key) { knownKeys.append(key) }
        return members.first { $0.key == key }?.value
    }

    /// The value of a key unless it is null.
    package mutating func value(_ key: String) -> DocumentNode? {
        _ = node(key)
        return peek(key)
    }

    /// Notes that a key which must be there is not; says nothing when the mapping itself was of no use.
    package func reportMissing(_ key: String) {
        guard isMapping, !has(key) else { return }
        diagnostics.error("\(place(key)) is required", at: location)
    }

    /// Reports the keys that no method asked for, each with the known key it resembles.
    package func finish() {
        for member in members where !knownKeys.contains(member.key) {
            let hint = NearestWord.hint(member.key, among: knownKeys)
            let known = knownKeys.isEmpty ? "" : "; known here: \(knownKeys.joined(separator: ", "))"
            let message = "unknown key \(MessageText.quoted(member.key))\(hint.isEmpty ? known : hint)"
            diagnostics.error(message, at: member.keyLocation)
        }
    }
}
