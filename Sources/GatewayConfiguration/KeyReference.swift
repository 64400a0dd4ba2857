/// What a user may know about one key of the configuration file.
///
/// The table of all of them, `GatewayConfiguration.reference`, comes from the same definitions that the reader uses.
package struct KeyReference: Sendable, Hashable {
    /// From the root; `[]` stands for each entry of a list: `authentication.issuers[].leewaySeconds`.
    package let path: String
    /// What may stand there: `integer from 0 to 300`, `string`, `list of strings`, `mapping`.
    package let type: String
    /// What holds when the key is absent; nil when it is required, or when absence has a meaning of its own.
    package let defaultText: String?
    /// Whether the file is refused without it; below a list or an optional mapping, whether that entry is.
    package let isRequired: Bool
    /// The unit of a number.
    package let unit: String?
    /// What it does, in a sentence.
    package let meaning: String
    /// The environment variable that overrides it; nil inside lists and optional mappings.
    package let environmentVariable: String?
}
