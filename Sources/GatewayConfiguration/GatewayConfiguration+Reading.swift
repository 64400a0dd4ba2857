package import Documents

extension GatewayConfiguration {
    /// What reading a configuration file came to.
    package struct Reading: Sendable {
        /// The configuration; nil when there is an error.
        package let configuration: GatewayConfiguration?
        /// Every error and warning, in the order of their places.
        package let diagnostics: [Diagnostic]
        /// The files that it names, as far as their names could be read: also when there is an error.
        package var files: [NamedFile] = []
        /// The references to secrets that it makes, as far as they could be read.
        package var secrets: [NamedSecret] = []

        /// The errors alone.
        package var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
        /// The warnings alone.
        package var warnings: [Diagnostic] { diagnostics.filter { $0.severity == .warning } }
    }

    /// Reads a configuration file: JSON when its name ends in `.json`, otherwise YAML.
    ///
    /// - Parameters:
    ///   - text: what the file holds.
    ///   - file: its name; relative paths inside are resolved against its folder, also those that come from variables.
    ///   - environment: every variable; those that begin with `INTENTUSNET_` override single keys. An empty one counts
    ///     as not set.
    package static func read(_ text: String, file: String, environment: [String: String] = [:]) -> Reading {
        let diagnostics = Diagnostics()
        let surroundings = Surroundings(file: file, environment: environment)
        surroundings.checkVariables(known: reference.compactMap(\.environmentVariable), into: diagnostics)
        let root: DocumentNode
        do {
            root = try document(text, file: file)
        } catch {
            diagnostics.add(error)
            return Reading(configuration: nil, diagnostics: diagnostics.sorted)
        }
        let fields = FieldReader(root, into: diagnostics)
        guard fields.isMapping else { return Reading(configuration: nil, diagnostics: diagnostics.sorted) }
        var reader = SectionReader(fields: fields, surroundings: surroundings, hasVariables: true)
        let configuration = GatewayConfiguration(reading: &reader)
        return Reading(
            configuration: diagnostics.hasErrors ? nil : configuration, diagnostics: diagnostics.sorted,
            files: surroundings.files.all, secrets: surroundings.secrets.all)
    }

    /// Every key that a configuration file may have, in the order of its sections.
    package static let reference: [KeyReference] = keys.flatMap { $0.references("", true) }

    private static func document(_ text: String, file: String) throws(DiagnosticError) -> DocumentNode {
        if file.lowercased().hasSuffix(".json") { return try DocumentParser.json(text, file: file) }
        return try DocumentParser.yaml(text, file: file)
    }
}
