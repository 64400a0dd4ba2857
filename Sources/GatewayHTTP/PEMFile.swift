/// A file of certificates or of a key, as it was read.
package struct PEMFile: Sendable {
    /// What messages call it.
    package let name: String
    package let bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}
