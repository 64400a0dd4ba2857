/// Why a run cannot be; a sentence that names the place and the remedy.
package struct LoadFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
