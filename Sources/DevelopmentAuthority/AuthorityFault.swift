/// Why the development authority refuses; a sentence that names the place and the remedy.
package struct AuthorityFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
