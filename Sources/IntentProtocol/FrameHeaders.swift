/// Reads the one header of a frame that matters to a gateway.
enum FrameHeaders {
    /// The range of the `Authorization` value between its quotes; nil when the headers have none.
    ///
    /// - Parameter value: the value of `headers`, already accepted as JSON.
    /// - Throws: a fault when the headers are no object, name it twice in different case, or it is no bearer token.
    static func authorization(
        _ bytes: UnsafeBufferPointer<UInt8>, value: ByteRange, limits: EnvelopeLimits
    ) throws(ScanFault) -> ByteRange {
        var scanner = JSONScanner(UnsafeBufferPointer(rebasing: bytes[..<Int(value.end)]), limits: limits.json)
        scanner.position = Int(value.start)
        guard scanner.byte == UInt8(ascii: "{") else {
            throw .invalid("must be an object", at: scanner.position, .protocolError)
        }
        var found = ByteRange.absent
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 2) else { return found }
        repeat {
            let key = try scanner.scanMemberKey()
            guard key.isAuthorization else {
                try scanner.skipValue(depth: 3, watch: .off)
                continue
            }
            guard found.isAbsent else { throw .invalid("is there twice", at: key.quoteOffset) }
            found = try readToken(&scanner, limits)
        } while try scanner.continues(closing: UInt8(ascii: "}"))
        return found
    }

    private static func readToken(
        _ scanner: inout JSONScanner, _ limits: EnvelopeLimits
    ) throws(ScanFault) -> ByteRange {
        let start = scanner.position
        guard scanner.byte == UInt8(ascii: "\"") else { throw .invalid("must be a string", at: start) }
        let text = try scanner.scanString()
        let raw = UnsafeBufferPointer(start: scanner.base + text.start, count: text.end - text.start)
        // Any other scheme would be a second credential that nobody looks at.
        guard let token = BearerEntry.remainder(JSONStringText.string(raw)) else {
            throw .invalid("must be 'Bearer <token>'", at: start)
        }
        guard token.utf8.count <= limits.tokenBytesMax else { throw .invalid("the token is too long", at: start) }
        return text.range
    }
}

extension KeyText {
    /// Whether the key is `Authorization` in any letter case.
    var isAuthorization: Bool { matchesAnyCase("authorization") }
}
