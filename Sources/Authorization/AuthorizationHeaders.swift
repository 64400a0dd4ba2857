/// The header fields of a request, as ranges of the bytes that came.
package struct AuthorizationHeaders: Sendable {
    /// Where one field stands.
    package struct Field: Sendable {
        let name: Range<Int>
        let value: Range<Int>

        /// Names a field; the value without the white space around it.
        package init(name: Range<Int>, value: Range<Int>) {
            self.name = name
            self.value = value
        }
    }

    private var bytes: [UInt8]
    private var fields: [Field]

    /// Takes the fields of a head; all ranges must lie in its bytes.
    package init(bytes: [UInt8] = [], fields: [Field] = []) {
        self.bytes = bytes
        self.fields = fields
    }

    /// Adds a field at the end.
    package mutating func append(name: String, value: String) {
        let start = bytes.count
        bytes += name.utf8
        let middle = bytes.count
        bytes += value.utf8
        fields.append(Field(name: start..<middle, value: middle..<bytes.count))
    }

    /// Takes out every field of these names, which are in lower case.
    mutating func remove(_ lowercaseNames: [String]) {
        guard !lowercaseNames.isEmpty else { return }
        let names = lowercaseNames.map { Array($0.utf8) }
        fields = fields.filter { field in !names.contains { isNamed(field, $0) } }
    }

    /// How many bytes the values of all fields can take at most when they are joined.
    var byteCount: Int { fields.reduce(0) { $0 + $1.value.count + 1 } }

    /// Hands out the values of a field in their order; false when there is none.
    func forEachValue(of lowercaseName: [UInt8], _ body: (ArraySlice<UInt8>) -> Void) -> Bool {
        var isThere = false
        for field in fields where isNamed(field, lowercaseName) {
            isThere = true
            body(bytes[field.value])
        }
        return isThere
    }

    private func isNamed(_ field: Field, _ lowercaseName: [UInt8]) -> Bool {
        guard field.name.count == lowercaseName.count else { return false }
        return bytes.withUnsafeBytes { bytes in
            lowercaseName.withUnsafeBytes { bytes.part(field.name).lowercasedHolds($0, at: 0) }
        }
    }
}
