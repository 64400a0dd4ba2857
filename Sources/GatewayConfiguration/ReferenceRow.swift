extension ConfigurationKey {
    /// A row of the reference table before its place is known.
    struct Row: Sendable {
        let name: String
        let type: String
        var isRequired = false
        var defaultText: @Sendable () -> String? = { nil }
        var unit: String?
        let meaning: String
        /// The name of its variable where it is not derived from the path.
        var variable: String?
        var hasVariable = true

        func references(_ section: String, _ hasVariables: Bool) -> [KeyReference] {
            let path = ConfigurationKey.path(section, name)
            let overrides = hasVariables && hasVariable
            return [
                KeyReference(
                    path: path, type: type, defaultText: defaultText(), isRequired: isRequired, unit: unit,
                    meaning: meaning,
                    environmentVariable: overrides ? variable ?? Surroundings.variable(for: path) : nil)
            ]
        }
    }
}
