/// A complete request: its head as bytes with ranges, and its body.
package struct HTTPRequest: Sendable {
    package let route: RouteTable.Match
    package var body: [UInt8]
    private let head: RequestHead
    /// The head as it came, to behind its empty line.
    package let headBytes: [UInt8]

    init(route: RouteTable.Match, head: RequestHead, headBytes: [UInt8], body: [UInt8]) {
        self.route = route
        self.head = head
        self.headBytes = headBytes
        self.body = body
    }

    package var method: ArraySlice<UInt8> { headBytes[head.method.range] }
    /// The request target as it came, with its query.
    package var target: ArraySlice<UInt8> { headBytes[head.target.range] }
    package var host: ArraySlice<UInt8>? { value(head.host) }

    /// The value of each header that this listener keeps; nil when the request had none.
    package var authorization: ArraySlice<UInt8>? { value(head.authorization) }
    package var contentType: ArraySlice<UInt8>? { value(head.contentType) }
    package var traceparent: ArraySlice<UInt8>? { value(head.traceparent) }
    package var tracestate: ArraySlice<UInt8>? { value(head.tracestate) }
    /// All lines of it as one list.
    package var baggage: ArraySlice<UInt8>? {
        guard head.hasMoreBaggage else { return value(head.baggage) }
        return Array(values(of: "baggage").joined(separator: [UInt8(ascii: ",")]))[...]
    }
    package var timeoutMilliseconds: ArraySlice<UInt8>? { value(head.timeout) }
    package var forwardedClientCertificate: ArraySlice<UInt8>? { value(head.forwardedClientCertificate) }
    package var nodeId: ArraySlice<UInt8>? { value(head.nodeId) }
    package var nodeTime: ArraySlice<UInt8>? { value(head.nodeTime) }
    package var nodeSignature: ArraySlice<UInt8>? { value(head.nodeSignature) }
    package var idempotencyKey: ArraySlice<UInt8>? { value(head.idempotencyKey) }

    /// Where every header line's name and value stand in ``headBytes``, in their order; values without the white space around them.
    package func headerFields() -> [(name: Range<Int>, value: Range<Int>)] {
        var fields: [(name: Range<Int>, value: Range<Int>)] = []
        var start = (headBytes.firstIndex(of: 0x0A) ?? headBytes.endIndex) + 1
        // The parser has seen to it that every line is a name, a colon, a value and CR LF.
        while start < headBytes.count, headBytes[start] != 0x0D,
            let colon = headBytes[start...].firstIndex(of: UInt8(ascii: ":")),
            let end = headBytes[colon...].firstIndex(of: 0x0D)
        {
            var value = colon + 1..<end
            while let first = value.first, headBytes[first] == 0x20 || headBytes[first] == 0x09 { value.removeFirst() }
            while let last = value.last, headBytes[last] == 0x20 || headBytes[last] == 0x09 { value.removeLast() }
            fields.append((start..<colon, value))
            start = end + 2
        }
        return fields
    }

    /// The values of every line with a name in lower case, in their order; looked for anew at each call.
    package func values(of name: StaticString) -> [ArraySlice<UInt8>] {
        headerFields().compactMap { field in
            let isNamed = headBytes[field.name].withUnsafeBytes { $0.equalsIgnoringCase(name) }
            return isNamed ? headBytes[field.value] : nil
        }
    }

    private func value(_ range: ByteRange) -> ArraySlice<UInt8>? {
        range.isPresent ? headBytes[range.range] : nil
    }
}
