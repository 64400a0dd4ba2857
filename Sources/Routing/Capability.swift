/// An intent and version that an agent answers; `*` stands for all of them, and only when it is the whole word.
package struct Capability: Sendable, Hashable {
    /// The intent's name, or `*`.
    package let intent: ExactText
    /// The version, or `*`.
    package let version: ExactText

    /// Makes a capability.
    package init(intent: String, version: String = "*") {
        self.intent = ExactText(intent)
        self.version = ExactText(version)
    }

    /// Whether it answers every intent.
    package var coversAnyIntent: Bool { intent == Self.any }
    /// Whether it answers every version.
    package var coversAnyVersion: Bool { version == Self.any }

    /// Whether the name fits; nil asks for a name that no capability spells out. A `*` in the request is a literal one.
    func covers(intent requested: ExactText?) -> Bool {
        coversAnyIntent || requested == intent
    }

    /// Whether the version fits; nil asks for a version that no capability spells out.
    func covers(version requested: ExactText?) -> Bool {
        coversAnyVersion || requested == version
    }

    private static let any = ExactText("*")
}
