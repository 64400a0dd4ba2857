/// Which span of which trace something belongs to: what `traceparent` says (W3C Trace Context, section 3.2).
package struct TraceParent: Sendable, Hashable {
    package let traceId: TraceId
    package let spanId: SpanId
    /// As they came; only the first two bits have a meaning.
    package let flags: UInt8

    package init(traceId: TraceId, spanId: SpanId, flags: UInt8) {
        self.traceId = traceId
        self.spanId = spanId
        self.flags = flags
    }

    package init(traceId: TraceId, spanId: SpanId, isSampled: Bool, isRandom: Bool = true) {
        self.init(
            traceId: traceId, spanId: spanId,
            flags: (isSampled ? Self.sampledBit : 0) | (isRandom ? Self.randomBit : 0))
    }

    /// From the value of a `traceparent` header; nil for one that is not well formed, which counts as none.
    ///
    /// A version above 0 may say more behind another dash; what stands before it is read.
    package init?(_ value: ArraySlice<UInt8>) {
        let start = value.startIndex
        func field(_ range: Range<Int>) -> ArraySlice<UInt8> {
            value[start + range.lowerBound..<start + range.upperBound]
        }
        guard value.count >= Self.textBytes, value.count <= Self.textBytesMax,
            let version = HexText.number(field(0..<2)), version != 0xFF,
            value.count == Self.textBytes || version > 0 && value[start + 55] == Self.dash,
            value[start + 2] == Self.dash, value[start + 35] == Self.dash, value[start + 52] == Self.dash,
            let traceId = TraceId(hex: field(3..<35)), let spanId = SpanId(hex: field(36..<52)),
            let flags = HexText.number(field(53..<55))
        else { return nil }
        self.init(traceId: traceId, spanId: spanId, flags: UInt8(flags))
    }

    /// Whether the caller records its spans, and so should everybody behind it.
    package var isSampled: Bool { flags & Self.sampledBit != 0 }
    /// Whether the trace id was drawn at random.
    package var isRandom: Bool { flags & Self.randomBit != 0 }

    /// Appends the 55 bytes of the header's value, in version 00.
    package func append(to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.textBytes) { text in
            let zero = UInt8(ascii: "0")
            (text[0], text[1], text[2]) = (zero, zero, Self.dash)
            HexText.write(traceId.high, to: text, at: 3)
            HexText.write(traceId.low, to: text, at: 19)
            text[35] = Self.dash
            HexText.write(spanId.bits, to: text, at: 36)
            (text[52], text[53]) = (Self.dash, zero)
            text[54] = zero + (flags & (Self.sampledBit | Self.randomBit))
            bytes.append(contentsOf: text)
        }
    }

    /// The value of the header.
    package var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let sampledBit: UInt8 = 1
    private static let randomBit: UInt8 = 2
    private static let textBytes = 55
    /// Nobody knows what later versions add; a header is no place for more.
    private static let textBytesMax = 512
    private static let dash = UInt8(ascii: "-")
}
