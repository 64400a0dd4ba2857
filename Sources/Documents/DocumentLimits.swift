/// What a document may hold at most; more is refused, whatever it means.
package struct DocumentLimits: Sendable, Hashable {
    /// UTF-8 bytes of the text.
    package var bytesMax = 4 << 20
    /// Values in the tree, each use of a YAML alias counted with everything below it.
    package var nodesMax = 100_000
    /// Mappings and lists inside each other.
    package var depthMax = 64

    /// The defaults above.
    package init() {}
}
