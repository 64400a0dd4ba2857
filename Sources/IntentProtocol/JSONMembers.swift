/// The members of an object that was accepted before, one by one, without a tree of the whole.
struct JSONMembers: Sequence, IteratorProtocol {
    struct Member {
        /// The decoded key.
        var key: String
        /// The key with its quotes, the colon and the value, as they came.
        var text: ArraySlice<UInt8>
        var valueStart: Int

        var value: JSONValue {
            JSONText(scanned: text[valueStart...]).value()
        }
    }

    private let object: ArraySlice<UInt8>
    private var index: Int

    init(_ object: ArraySlice<UInt8>) {
        self.object = object
        index = object.startIndex
    }

    mutating func next() -> Member? {
        object.withUnsafeBufferPointer { bytes -> Member? in
            let base = object.startIndex
            var scanner = JSONScanner(bytes, limits: .boundless)
            scanner.position = index - base
            do throws(ScanFault) {
                // Passes the opening brace at first, then the comma.
                guard scanner.byte == UInt8(ascii: "{") || scanner.byte == UInt8(ascii: ",") else { return nil }
                scanner.position += 1
                scanner.skipWhitespace()
                guard scanner.byte == UInt8(ascii: "\"") else { return nil }
                let key = try scanner.scanMemberKey()
                let valueStart = scanner.position
                try scanner.skipValue(depth: 0, watch: .off)
                let end = scanner.position
                scanner.skipWhitespace()
                index = base + scanner.position
                let raw = UnsafeBufferPointer(start: scanner.base + key.quoteOffset + 1, count: key.rawCount)
                return Member(
                    key: JSONStringText.string(raw), text: object[base + key.quoteOffset..<base + end],
                    valueStart: base + valueStart)
            } catch {
                return nil
            }
        }
    }
}
