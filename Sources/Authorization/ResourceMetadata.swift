package import Documents

/// How a resource is called and where it stands.
package struct ResourceMetadata: Sendable, Hashable {
    package let name: String
    package let namespace: String
    /// When the cluster took it, as `2024-01-01T00:00:00Z`; empty when the file does not say, which counts as oldest.
    package let creationTimestamp: String
    package let location: SourceLocation

    /// `namespace/name`.
    package var fullName: String { "\(namespace)/\(name)" }

    /// The older one first; names decide between equally old ones.
    func isOlder(than other: ResourceMetadata) -> Bool {
        (creationTimestamp, fullName) < (other.creationTimestamp, other.fullName)
    }
}
