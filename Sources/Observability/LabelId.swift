/// A label value that was met before, as a small number.
package struct LabelId: Sendable, Hashable {
    let index: UInt32

    /// Stands for every name beyond the bound.
    package static let other = LabelId(index: 0)
    /// Stands for the absence of a name: no known intent, no agent tried.
    package static let absent = LabelId(index: 1)

    static let reservedNames = ["other", "none"]
}
