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

    /// Asks about the value of a field; nil when there is none. Several fields of one name count as one with commas between.
    func withValue<Answer>(of lowercaseName: [UInt8], _ body: (Span<UInt8>) -> Answer) -> Answer? {
        var first: Field?
        var joined: [UInt8]?
        for field in fields where isNamed(field, lowercaseName) {
            guard let earlier = first else {
                first = field
                continue
            }
            joined = (joined ?? Array(bytes[earlier.value])) + [UInt8(ascii: ",")] + bytes[field.value]
        }
        if let joined { return body(joined.span) }
        return first.map { body(bytes.span.extracting($0.value)) }
    }

    private func isNamed(_ field: Field, _ lowercaseName: [UInt8]) -> Bool {
        field.name.count == lowercaseName.count
            && bytes.span.extracting(field.name).lowercasedHolds(lowercaseName.span, at: 0)
    }
}
