/// Why files cannot be used for TLS; reads as a sentence that names the file and the remedy.
package struct TLSMaterialError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
