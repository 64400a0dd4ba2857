/// The head of an answer, parsed strictly.
package struct ResponseHead: Sendable, Hashable {
    /// How the body is delimited.
    package enum BodyLength: Sendable, Hashable {
        case exactly(Int)
        case chunked
        case untilClose
    }

    package let status: Int
    package let bodyLength: BodyLength
    package let closesAfter: Bool
    /// The value of the last `Retry-After`.
    package let retryAfter: String?
}

/// Parses the head of an HTTP/1.x answer; pure.
package enum ResponseHeadParser {
    /// - Parameter bytes: from the first byte to behind the empty line.
    package static func parse(_ bytes: UnsafeRawBufferPointer, bodyBytesMax: Int) throws(UpstreamFailure)
        -> ResponseHead
    {
        guard bytes.count >= 15, UnsafeRawBufferPointer(rebasing: bytes[..<7]).equals("HTTP/1."),
            bytes[7] == UInt8(ascii: "1") || bytes[7] == UInt8(ascii: "0"), bytes[8] == 0x20,
            let status = number(bytes[9..<12]), (100...599).contains(status), bytes[12] == 0x20 || bytes[12] == 0x0D
        else { throw .badResponse("status line") }
        let isHTTP10 = bytes[7] == UInt8(ascii: "0")
        var index = 12
        while bytes[index] != 0x0D {
            guard bytes[index] >= 0x20 || bytes[index] == 0x09 else { throw .badResponse("status line") }
            index += 1
        }
        guard bytes[index + 1] == 0x0A else { throw .badResponse("status line") }
        index += 2
        var fields = Fields()
        while bytes[index] != 0x0D { index = try headerLine(bytes, from: index, &fields) }
        guard index + 2 == bytes.count else { throw .badResponse("header line") }
        return ResponseHead(
            status: status, bodyLength: try bodyLength(status, fields, isHTTP10, bodyBytesMax),
            closesAfter: fields.closes || isHTTP10 && !fields.keepsAlive, retryAfter: fields.retryAfter)
    }

    private struct Fields {
        var length: Int?
        var isChunked = false
        var closes = false
        var keepsAlive = false
        var retryAfter: String?
    }

    private static func bodyLength(
        _ status: Int, _ fields: Fields, _ isHTTP10: Bool, _ bodyBytesMax: Int
    ) throws(UpstreamFailure) -> ResponseHead.BodyLength {
        if status < 200 || status == 204 || status == 304 { return .exactly(0) }
        if fields.isChunked {
            guard fields.length == nil, !isHTTP10 else {
                throw .badResponse("Transfer-Encoding beside Content-Length or in HTTP/1.0")
            }
            return .chunked
        }
        guard let length = fields.length else { return .untilClose }
        guard length <= bodyBytesMax else { throw .responseTooLarge }
        return .exactly(length)
    }

    private static func headerLine(
        _ bytes: UnsafeRawBufferPointer, from start: Int, _ fields: inout Fields
    ) throws(UpstreamFailure) -> Int {
        var index = start
        while bytes[index] > 0x20, bytes[index] < 0x7F, bytes[index] != UInt8(ascii: ":") { index += 1 }
        guard index > start, bytes[index] == UInt8(ascii: ":") else { throw .badResponse("header line") }
        let name = UnsafeRawBufferPointer(rebasing: bytes[start..<index])
        index += 1
        while bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        let valueStart = index
        while bytes[index] != 0x0D {
            guard bytes[index] >= 0x20 || bytes[index] == 0x09 else { throw .badResponse("header line") }
            index += 1
        }
        guard bytes[index + 1] == 0x0A else { throw .badResponse("header line") }
        var valueEnd = index
        while valueEnd > valueStart, bytes[valueEnd - 1] == 0x20 || bytes[valueEnd - 1] == 0x09 { valueEnd -= 1 }
        try note(name, UnsafeRawBufferPointer(rebasing: bytes[valueStart..<valueEnd]), &fields)
        return index + 2
    }

    private static func note(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ fields: inout Fields
    ) throws(UpstreamFailure) {
        switch name.count {
        case 14 where name.equalsIgnoringCase("content-length"):
            guard fields.length == nil, (1...18).contains(value.count), let length = number(value[...]) else {
                throw .badResponse("Content-Length")
            }
            fields.length = length
        case 17 where name.equalsIgnoringCase("transfer-encoding"):
            guard !fields.isChunked, value.equalsIgnoringCase("chunked") else {
                throw .badResponse("Transfer-Encoding")
            }
            fields.isChunked = true
        case 16 where name.equalsIgnoringCase("content-encoding"):
            guard value.equalsIgnoringCase("identity") else { throw .badResponse("Content-Encoding") }
        case 11 where name.equalsIgnoringCase("retry-after"): fields.retryAfter = String(decoding: value, as: UTF8.self)
        case 10 where name.equalsIgnoringCase("connection"):
            if value.listContains("close") { fields.closes = true }
            if value.listContains("keep-alive") { fields.keepsAlive = true }
        default: break
        }
    }

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int? {
        var number = 0
        for digit in digits {
            guard digit &- UInt8(ascii: "0") < 10 else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }
}
