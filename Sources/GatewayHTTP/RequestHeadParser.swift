/// Parses the head of an HTTP/1.1 request in one pass, strictly: what two parsers could read differently is refused.
///
/// Pure: bytes in, ranges out; no buffer of its own, so it can be fuzzed alone.
package struct RequestHeadParser {
    private let bytes: UnsafeRawBufferPointer
    private var head = RequestHead()
    private var contentLength = ByteRange()
    private var transferEncoding = ByteRange()
    private var connection = ByteRange()
    private var expect = ByteRange()
    private var contentEncoding = ByteRange()
    private var refusalAfterHead: HTTPRefusal?

    private init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Where the head ends (behind its empty line), searching from `offset`; nil while it is not complete.
    ///
    /// A head whose lines end in bare LF is never complete; ``hasBareLineEnd(_:from:)`` refuses it early.
    ///
    /// - Parameter offset: how many bytes were searched before.
    package static func end(of bytes: UnsafeRawBufferPointer, from offset: Int) -> Int? {
        guard bytes.count >= 4 else { return nil }
        var index = max(3, offset)
        while index < bytes.count {
            // Horspool's search for CR LF CR LF: what the window's last byte is says how far the next match can be.
            switch bytes[index] {
            case 0x0A:
                if bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A, bytes[index - 3] == 0x0D { return index + 1 }
                index += 2
            case 0x0D: index += 1
            default: index += 4
            }
        }
        return nil
    }

    /// Whether a head that is not complete can only be refused: it holds LF without CR or CR without LF.
    ///
    /// - Parameter offset: how many bytes were looked at before.
    static func hasBareLineEnd(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> Bool {
        for index in offset..<bytes.count {
            let isBehindReturn = index > 0 && bytes[index - 1] == 0x0D
            if isBehindReturn != (bytes[index] == 0x0A) { return true }
        }
        return false
    }

    /// Parses a complete head.
    ///
    /// - Parameter bytes: from the first byte to behind the empty line.
    static func parse(_ bytes: UnsafeRawBufferPointer, limits: HTTPLimits) throws(HTTPRefusal) -> RequestHead {
        var parser = RequestHeadParser(bytes)
        return try parser.run(limits)
    }

    private mutating func run(_ limits: HTTPLimits) throws(HTTPRefusal) -> RequestHead {
        var index = try requestLine()
        var lines = 0
        while bytes[index] != 0x0D {
            lines += 1
            guard lines <= limits.headersMax else {
                throw HTTPRefusal(.headTooLarge, "more than \(limits.headersMax) header lines")
            }
            index = try headerLine(from: index)
        }
        guard bytes[index + 1] == 0x0A, index + 2 == bytes.count else { throw .bareLineEnd }
        try conclude(limits)
        return head
    }

    // MARK: the request line

    private mutating func requestLine() throws(HTTPRefusal) -> Int {
        var index = 0
        while Self.isTokenByte(bytes[index]) { index += 1 }
        guard index > 0, index <= 32, bytes[index] == 0x20 else {
            throw HTTPRefusal(.badRequest, "the method is not a token")
        }
        head.method = ByteRange(0, index)
        let targetStart = index + 1
        index = targetStart
        while bytes[index] > 0x20, bytes[index] < 0x7F { index += 1 }
        guard index > targetStart, bytes[index] == 0x20 else {
            throw HTTPRefusal(.badRequest, "the request target is empty or holds bytes that do not belong there")
        }
        head.target = ByteRange(targetStart, index)
        index += 1
        guard index + 10 <= bytes.count else { throw HTTPRefusal(.badRequest, "the request line is not complete") }
        let version = UnsafeRawBufferPointer(rebasing: bytes[index..<(index + 8)])
        if version.equals("HTTP/1.0") {
            head.isHTTP10 = true
        } else if !version.equals("HTTP/1.1") {
            guard UnsafeRawBufferPointer(rebasing: version[..<5]).equals("HTTP/") else {
                throw HTTPRefusal(.badRequest, "the request line does not end in an HTTP version")
            }
            throw HTTPRefusal(.versionNotSupported, "this listener speaks HTTP/1.1")
        }
        guard bytes[index + 8] == 0x0D, bytes[index + 9] == 0x0A else { throw .bareLineEnd }
        return index + 10
    }

    // MARK: header lines

    private mutating func headerLine(from start: Int) throws(HTTPRefusal) -> Int {
        var index = start
        while Self.isTokenByte(bytes[index]) { index += 1 }
        guard index > start, bytes[index] == UInt8(ascii: ":") else {
            // A line that begins with white space would continue the one before it (obs-fold); a space before the colon
            // is read differently by different parsers. Both have smuggled requests.
            throw HTTPRefusal(.badRequest, "a header line does not begin with a name and a colon")
        }
        let nameEnd = index
        index += 1
        while bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        let valueStart = index
        index = skipPrintable(from: index)
        while (bytes[index] >= 0x20 && bytes[index] < 0x7F) || bytes[index] == 0x09 { index += 1 }
        guard bytes[index] == 0x0D else {
            throw HTTPRefusal(.badRequest, "a header value holds a control or non-ASCII byte")
        }
        guard bytes[index + 1] == 0x0A else { throw .bareLineEnd }
        var valueEnd = index
        while valueEnd > valueStart, bytes[valueEnd - 1] == 0x20 || bytes[valueEnd - 1] == 0x09 { valueEnd -= 1 }
        let name = UnsafeRawBufferPointer(rebasing: bytes[start..<nameEnd])
        try note(name, ByteRange(valueStart, valueEnd))
        return index + 2
    }

    /// Skips printable ASCII eight bytes at a time; stops at the first byte that is not, or up to seven before it.
    private func skipPrintable(from start: Int) -> Int {
        var index = start
        while index + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            // The top bit of each byte tells: below 0x20 borrows, from 0x7F on carries or has it already. A borrow or
            // carry from a neighbour only stops the skipping early.
            let below = (word &- 0x2020_2020_2020_2020) & ~word
            let above = (word &+ 0x0101_0101_0101_0101) | word
            guard (below | above) & 0x8080_8080_8080_8080 == 0 else { break }
            index += 8
        }
        return index
    }

    /// Keeps the headers that this listener reads; each of them may stand once.
    private mutating func note(_ name: UnsafeRawBufferPointer, _ value: ByteRange) throws(HTTPRefusal) {
        switch name.count {
        case 4: if name.equalsIgnoringCase("host") { try once(&head.host, value) }
        case 6: if name.equalsIgnoringCase("expect") { try once(&expect, value) }
        case 7:
            guard name.equalsIgnoringCase("baggage") else { break }
            // A list that may go on in further lines; nothing here depends on what it says.
            if head.baggage.isPresent { head.hasMoreBaggage = true } else { head.baggage = value }
        case 10:
            if name.equalsIgnoringCase("connection") {
                // A list header: a second line would extend it; only one is accepted, which costs no real client anything.
                try once(&connection, value)
            } else if name.equalsIgnoringCase("tracestate") {
                try once(&head.tracestate, value)
            }
        case 11: if name.equalsIgnoringCase("traceparent") { try once(&head.traceparent, value) }
        case 12: if name.equalsIgnoringCase("content-type") { try once(&head.contentType, value) }
        case 13: if name.equalsIgnoringCase("authorization") { try once(&head.authorization, value) }
        case 14: if name.equalsIgnoringCase("content-length") { try once(&contentLength, value) }
        case 15: if name.equalsIgnoringCase("idempotency-key") { try once(&head.idempotencyKey, value) }
        case 16: if name.equalsIgnoringCase("content-encoding") { try once(&contentEncoding, value) }
        case 17: if name.equalsIgnoringCase("transfer-encoding") { try once(&transferEncoding, value) }
        case 18:
            if name.equalsIgnoringCase("x-intentus-node-id") {
                try once(&head.nodeId, value)
            } else if name.equalsIgnoringCase("x-intentus-node-ts") {
                try once(&head.nodeTime, value)
            }
        case 21: if name.equalsIgnoringCase("x-intentus-timeout-ms") { try once(&head.timeout, value) }
        case 23:
            if name.equalsIgnoringCase("x-forwarded-client-cert") { try once(&head.forwardedClientCertificate, value) }
        case 25:
            if name.equalsIgnoringCase("x-intentus-node-signature") { try once(&head.nodeSignature, value) }
        default: break
        }
    }

    private func once(_ slot: inout ByteRange, _ value: ByteRange) throws(HTTPRefusal) {
        guard !slot.isPresent else { throw HTTPRefusal(.badRequest, "a header that may stand once stands twice") }
        slot = value
    }

    // MARK: what the headers mean together

    private mutating func conclude(_ limits: HTTPLimits) throws(HTTPRefusal) {
        guard head.isHTTP10 || head.host.isPresent else { throw HTTPRefusal(.badRequest, "the Host header is missing") }
        for index in head.host.range where !Self.isHostByte(bytes[index]) {
            throw HTTPRefusal(.badRequest, "the Host header is not the name of a host")
        }
        try concludeBody(limits)
        concludeConnection()
        if expect.isPresent {
            guard slice(expect).equalsIgnoringCase("100-continue") else {
                throw HTTPRefusal(.expectationFailed, "the only expectation known is 100-continue")
            }
            head.expectsContinue = !head.isHTTP10
        }
        guard !contentEncoding.isPresent || slice(contentEncoding).equalsIgnoringCase("identity") else {
            throw HTTPRefusal(.unsupportedEncoding, "compressed bodies are not accepted")
        }
    }

    private mutating func concludeBody(_ limits: HTTPLimits) throws(HTTPRefusal) {
        if transferEncoding.isPresent {
            // With both, one parser goes by the length and another by the chunks.
            guard !contentLength.isPresent, !head.isHTTP10 else {
                throw HTTPRefusal(.badRequest, "Transfer-Encoding beside Content-Length or in HTTP/1.0")
            }
            guard slice(transferEncoding).equalsIgnoringCase("chunked") else {
                throw HTTPRefusal(.notImplemented, "the only transfer encoding known is chunked")
            }
            head.bodyLength = .chunked
        } else if contentLength.isPresent {
            let digits = slice(contentLength)
            guard (1...18).contains(digits.count), digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else {
                throw HTTPRefusal(.badRequest, "Content-Length is not a number")
            }
            let length = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
            guard length <= limits.bodyBytesMax else { throw .bodyTooLarge(limits) }
            head.bodyLength = length == 0 ? .none : .exactly(length)
        }
    }

    private mutating func concludeConnection() {
        // Whatever a client of HTTP/1.0 asks for: it would wait for the end of an answer that does not say keep-alive.
        head.closesAfter = head.isHTTP10 || connection.isPresent && slice(connection).listContains("close")
    }

    private func slice(_ range: ByteRange) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range.range])
    }

    /// `token` of RFC 9110, section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        let bits = byte < 64 ? tokenBitsLow : tokenBitsHigh
        return bits >> UInt64(byte & 63) & 1 == 1
    }

    /// What a registered name, an address and a port are made of.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        let bits = byte < 64 ? hostBitsLow : hostBitsHigh
        return bits >> UInt64(byte & 63) & 1 == 1
    }

    // - . 0-9 :
    private static let hostBitsLow: UInt64 = 0x07FF600000000000
    // A-Z [ ] _ a-z
    private static let hostBitsHigh: UInt64 = 0x07FFFFFEAFFFFFFE

    // ! # $ % & ' * + - . 0-9
    private static let tokenBitsLow: UInt64 = 0x03FF6CFA00000000
    // A-Z ^ _ ` a-z | ~
    private static let tokenBitsHigh: UInt64 = 0x57FFFFFFC7FFFFFE
}

extension HTTPRefusal {
    static var bareLineEnd: HTTPRefusal { HTTPRefusal(.badRequest, "a line of the head does not end in CR LF") }

    static func bodyTooLarge(_ limits: HTTPLimits) -> HTTPRefusal {
        HTTPRefusal(.bodyTooLarge, "the body is larger than \(limits.bodyBytesMax) bytes")
    }
}
