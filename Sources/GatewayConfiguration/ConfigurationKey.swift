import Documents
import IntentProtocol

/// One key of a section: what the reference table says of it, and how it is read.
struct ConfigurationKey<Section: Sendable>: Sendable {
    /// The name as written in the file.
    let name: String
    /// The rows of the reference table, this key's own first.
    ///
    /// Called with the path of the section, and whether variables override keys there.
    let references: @Sendable (_ path: String, _ hasVariables: Bool) -> [KeyReference]
    /// What it amounts to, secrets left out by their type; nil where it is absent.
    let show: @Sendable (Section) -> JSONValue?
    /// Reads it, or leaves the section's own default in place.
    let read: @Sendable (inout SectionReader, inout Section) -> Void

    /// Where a value goes in the section.
    typealias Place<Value> = any WritableKeyPath<Section, Value> & Sendable

    /// The path of a key in a section.
    static func path(_ section: String, _ name: String) -> String { section.isEmpty ? name : "\(section).\(name)" }
}
