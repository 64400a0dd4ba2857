/// What a finished line says of itself, read from its fixed form: the same bytes that its hash covers.
struct AuditLineHead: Sendable, Equatable {
    let node: String
    let chain: String
    let sequence: UInt64
    let time: String
    let event: String
    /// As written in the line.
    let hash: AuditHash
    /// How many bytes the hash covers.
    let bodyBytes: Int

    /// Reads a line without its line end; nil when it does not have the form that the gateway writes.
    init?(_ line: UnsafeBufferPointer<UInt8>) {
        guard line.count > AuditSealer.tailBytes else { return nil }
        let body = line.count - AuditSealer.tailBytes
        var tail = Reader(bytes: line, place: body)
        guard tail.skip(",\"hash\":\""),
            let hash = AuditHash(hex: UnsafeBufferPointer(rebasing: line[(body + 9)..<(line.count - 2)])),
            line[line.count - 2] == UInt8(ascii: "\""), line[line.count - 1] == UInt8(ascii: "}")
        else { return nil }
        var reader = Reader(bytes: UnsafeBufferPointer(rebasing: line[..<body]), place: 0)
        guard reader.skip("{\"version\":1,\"node\":\""), let node = reader.text(bytesMax: 255),
            reader.skip("\",\"chain\":\""), let chain = reader.text(bytesMax: 16), chain.utf8.count == 16,
            reader.skip("\",\"seq\":"), let sequence = reader.number(), sequence > 0,
            reader.skip(",\"time\":\""), let time = reader.text(bytesMax: 40),
            reader.skip("\",\"event\":\""), let event = reader.text(bytesMax: 64), reader.skip("\"")
        else { return nil }
        (self.node, self.chain, self.sequence, self.time, self.event) = (node, chain, sequence, time, event)
        (self.hash, bodyBytes) = (hash, body)
    }

    private struct Reader {
        let bytes: UnsafeBufferPointer<UInt8>
        var place: Int

        mutating func skip(_ text: StaticString) -> Bool {
            let end = place + text.utf8CodeUnitCount
            guard end <= bytes.count else { return false }
            for index in 0..<text.utf8CodeUnitCount where bytes[place + index] != text.utf8Start[index] {
                return false
            }
            place = end
            return true
        }

        /// Plain text up to the next quote.
        mutating func text(bytesMax: Int) -> String? {
            let end = min(bytes.count, place + bytesMax + 1)
            guard place < end, let quote = bytes[place..<end].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            let text = bytes[place..<quote]
            guard !text.isEmpty, text.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
                return nil
            }
            place = quote
            return String(decoding: text, as: UTF8.self)
        }

        mutating func number() -> UInt64? {
            var number: UInt64 = 0
            let start = place
            while place < bytes.count, bytes[place] >= UInt8(ascii: "0"), bytes[place] <= UInt8(ascii: "9"),
                place - start < 19
            {
                number = number * 10 + UInt64(bytes[place] - UInt8(ascii: "0"))
                place += 1
            }
            return place > start && bytes[start] != UInt8(ascii: "0") ? number : nil
        }
    }
}
