/// Reads YAML and JSON texts as trees that know where each value stands.
///
/// Strict: duplicate keys, keys that are not strings, several documents in one text, YAML tags and merge keys are
/// refused; so is anything over the limits.
package enum DocumentParser {
    /// Reads one YAML document; plain scalars resolve by the core schema of YAML 1.2. An empty text is null.
    ///
    /// - Parameters:
    ///   - text: the document.
    ///   - file: the name that locations carry.
    ///   - limits: what the document may hold.
    package static func yaml(
        _ text: String, file: String, limits: DocumentLimits = DocumentLimits()
    ) throws(DiagnosticError) -> DocumentNode {
        try checkSize(text, file: file, limits: limits)
        return try YAMLDocument.parse(text, file: file, limits: limits)
    }

    /// Reads a text of several YAML documents, as Kubernetes resources are written; documents without content are left out.
    ///
    /// Keys may be integers without quotes (`8080: …`), which Kubernetes takes as their text.
    ///
    /// - Parameters:
    ///   - text: the documents with `---` between them.
    ///   - file: the name that locations carry.
    ///   - limits: what the documents may hold together.
    package static func yamlStream(
        _ text: String, file: String, limits: DocumentLimits = DocumentLimits()
    ) throws(DiagnosticError) -> [DocumentNode] {
        try checkSize(text, file: file, limits: limits)
        return try YAMLDocument.parseStream(text, file: file, limits: limits).filter { !$0.isNull }
    }

    /// Reads one JSON text (RFC 8259); numbers keep the text they were written with.
    ///
    /// - Parameters:
    ///   - text: the document.
    ///   - file: the name that locations carry.
    ///   - limits: what the document may hold.
    package static func json(
        _ text: String, file: String, limits: DocumentLimits = DocumentLimits()
    ) throws(DiagnosticError) -> DocumentNode {
        try checkSize(text, file: file, limits: limits)
        var document = JSONDocument(text, file: file, limits: limits)
        return try document.parse()
    }

    /// Reads YAML when the file's name ends in `.yaml` or `.yml` (any letter case), otherwise JSON.
    package static func document(
        _ text: String, file: String, limits: DocumentLimits = DocumentLimits()
    ) throws(DiagnosticError) -> DocumentNode {
        let name = file.lowercased()
        if name.hasSuffix(".yaml") || name.hasSuffix(".yml") { return try yaml(text, file: file, limits: limits) }
        return try json(text, file: file, limits: limits)
    }

    private static func checkSize(_ text: String, file: String, limits: DocumentLimits) throws(DiagnosticError) {
        guard text.utf8.count <= limits.bytesMax else {
            throw DiagnosticError(
                "the file has more than \(limits.bytesMax) bytes", at: SourceLocation(file: file, line: 1, column: 1))
        }
    }
}
