/// Makes values of bytes as they come in.
struct RESPReader {
    private var buffer: [UInt8] = []
    private var place = 0

    mutating func add(_ bytes: [UInt8]) { buffer += bytes }

    /// The next whole value, or nil until more bytes are there.
    ///
    /// - Throws: `FixtureError` when the bytes are no RESP2.
    mutating func next() throws -> RESPValue? {
        let start = place
        guard let value = try value() else {
            place = start
            return nil
        }
        buffer.removeFirst(place)
        place = 0
        return value
    }

    private mutating func value() throws -> RESPValue? {
        guard let line = line() else { return nil }
        let rest = String(decoding: line.dropFirst(), as: UTF8.self)
        switch line.first {
        case UInt8(ascii: "+"): return .status(rest)
        case UInt8(ascii: "-"): return .error(rest)
        case UInt8(ascii: ":"): return .integer(try number(rest))
        case UInt8(ascii: "$"): return try bytes(count: try number(rest))
        case UInt8(ascii: "*"): return try array(count: try number(rest))
        default: throw FixtureError("no RESP: \(String(decoding: line.prefix(80), as: UTF8.self))")
        }
    }

    private mutating func bytes(count: Int) throws -> RESPValue? {
        guard count >= 0 else { return .null }
        guard buffer.count - place >= count + 2 else { return nil }
        defer { place += count + 2 }
        return .bytes(Array(buffer[place..<(place + count)]))
    }

    private mutating func array(count: Int) throws -> RESPValue? {
        guard count >= 0 else { return .null }
        var values: [RESPValue] = []
        for _ in 0..<count {
            guard let value = try value() else { return nil }
            values.append(value)
        }
        return .array(values)
    }

    private mutating func line() -> [UInt8]? {
        guard let end = buffer[place...].firstIndex(of: 10), end > place else { return nil }
        defer { place = end + 1 }
        return Array(buffer[place..<(end - 1)])
    }

    private func number(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw FixtureError("no RESP number: \(text.prefix(80))") }
        return number
    }
}
