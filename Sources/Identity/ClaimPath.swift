/// Where a claim stands in a token: a name, or names from the outermost object inwards.
///
/// Written with dots (`realm_access.roles`). A text with `://` is one name, for namespaced claims are URLs with dots
/// of their own (`https://example.com/roles`).
package struct ClaimPath: Sendable, Hashable {
    /// The names from the outermost object inwards; never empty.
    package let segments: [String]

    /// Makes a path from its names.
    ///
    /// - Returns: nil when there is no name, an empty one, or more than 8.
    package init?(segments: [String]) {
        guard (1...8).contains(segments.count), segments.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.segments = segments
    }

    /// Reads the dotted form.
    ///
    /// - Returns: nil for an empty name or more than 8 names.
    package init?(_ text: String) {
        let isURL = Array(text.utf8).withUnsafeBytes { bytes in
            bytes.count >= 3 && (0...bytes.count - 3).contains { bytes.part($0..<$0 + 3).equals("://") }
        }
        self.init(
            segments: isURL
                ? [text] : text.split(separator: ".", omittingEmptySubsequences: false).map(String.init))
    }

    private init(name: String) {
        segments = [name]
    }

    /// The claim `roles`.
    package static let roles = ClaimPath(name: "roles")
    /// The claim `tenant`.
    package static let tenant = ClaimPath(name: "tenant")
}

extension ClaimPath: CustomStringConvertible {
    /// The dotted form.
    package var description: String { segments.joined(separator: ".") }
}
