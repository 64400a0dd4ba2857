extension JSONValue {
    /// Parses one JSON value strictly.
    ///
    /// Refused are a byte order mark, invalid UTF-8, duplicate keys, `NaN`, numbers that overflow a double, lone
    /// surrogates, bytes after the value, and anything beyond the limits.
    ///
    /// - Throws: ``JSONSyntaxError`` with the place.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(JSONSyntaxError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONSyntaxError) in
            try JSONValue(parsing: UnsafeRawBufferPointer(buffer), limits: limits)
        }
    }

    /// Parses one JSON value strictly, from a part of a larger array.
    public init(parsing bytes: ArraySlice<UInt8>, limits: JSONLimits = .default) throws(JSONSyntaxError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONSyntaxError) in
            try JSONValue(parsing: UnsafeRawBufferPointer(buffer), limits: limits)
        }
    }

    /// Parses one JSON value strictly, from memory that stays valid during the call.
    public init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = .default) throws(JSONSyntaxError) {
        let buffer = bytes.bindMemory(to: UInt8.self)
        var reader = JSONTreeReader(scanner: JSONScanner(buffer, limits: limits))
        do throws(ScanFault) { self = try reader.readDocument() } catch { throw JSONSyntaxError(error, in: buffer) }
    }
}

/// Builds a tree on top of the strict scanner.
struct JSONTreeReader {
    var scanner: JSONScanner

    mutating func readDocument() throws(ScanFault) -> JSONValue {
        try scanner.begin()
        let value = try readValue(depth: 1)
        try scanner.finish()
        return value
    }

    private mutating func readValue(depth: Int) throws(ScanFault) -> JSONValue {
        let start = scanner.position
        switch scanner.byte {
        case UInt8(ascii: "\""):
            let text = try scanner.scanString()
            return .string(string(text.start..<text.end))
        case UInt8(ascii: "{"): return .object(try readObject(depth: depth))
        case UInt8(ascii: "["): return .array(try readArray(depth: depth))
        case UInt8(ascii: "t"): try scanner.skipLiteral("true"); return .bool(true)
        case UInt8(ascii: "f"): try scanner.skipLiteral("false"); return .bool(false)
        case UInt8(ascii: "n"): try scanner.skipLiteral("null"); return .null
        default:
            try scanner.scanNumber()
            return .number(JSONNumber(scanned: string(start..<scanner.position)))
        }
    }

    private mutating func readObject(depth: Int) throws(ScanFault) -> JSONObject {
        var members: [JSONObject.Member] = []
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: depth) else {
            return JSONObject(distinct: members)
        }
        var keys = RecentKeys()
        repeat {
            let key = try scanner.scanMemberKey()
            try scanner.note(key, in: &keys)
            let start = key.quoteOffset + 1
            let name = string(start..<start + key.rawCount)
            members.append(JSONObject.Member(key: name, value: try readValue(depth: depth + 1)))
        } while try scanner.continues(closing: UInt8(ascii: "}"))
        return JSONObject(distinct: members)
    }

    private mutating func readArray(depth: Int) throws(ScanFault) -> [JSONValue] {
        var elements: [JSONValue] = []
        guard try scanner.opens(UInt8(ascii: "["), closing: UInt8(ascii: "]"), depth: depth) else { return elements }
        repeat {
            elements.append(try readValue(depth: depth + 1))
        } while try scanner.continues(closing: UInt8(ascii: "]"))
        return elements
    }

    private func string(_ range: Range<Int>) -> String {
        JSONStringText.string(UnsafeBufferPointer(start: scanner.base + range.lowerBound, count: range.count))
    }
}
