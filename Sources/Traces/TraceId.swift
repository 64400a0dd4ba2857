/// The id of a trace in W3C Trace Context and OTLP: 16 bytes, not all zero.
package struct TraceId: Sendable, Hashable {
    package let high: UInt64
    package let low: UInt64

    /// nil for all zeroes, which stands for no trace.
    package init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// Of 128 random bits; the last one is set, so that no draw stands for no trace.
    package init(random high: UInt64, _ low: UInt64) {
        self.high = high
        self.low = low | 1
    }

    /// From 32 lower-case hex digits; nil for anything else.
    package init?(hex: ArraySlice<UInt8>) {
        guard hex.count == 32, let high = HexText.number(hex.prefix(16)), let low = HexText.number(hex.suffix(16))
        else { return nil }
        self.init(high: high, low: low)
    }

    /// Appends the 32 lower-case hex digits.
    package func appendHex(to bytes: inout [UInt8]) {
        HexText.append(high, to: &bytes)
        HexText.append(low, to: &bytes)
    }

    /// The 32 lower-case hex digits.
    package var hex: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        appendHex(to: &bytes)
        return bytes
    }
}

/// The id of a span: 8 bytes, not all zero.
package struct SpanId: Sendable, Hashable {
    package let bits: UInt64

    /// nil for zero, which stands for no span.
    package init?(_ bits: UInt64) {
        guard bits != 0 else { return nil }
        self.bits = bits
    }

    /// Of 64 random bits; the last one is set.
    package init(random bits: UInt64) { self.bits = bits | 1 }

    /// From 16 lower-case hex digits; nil for anything else.
    package init?(hex: ArraySlice<UInt8>) {
        guard hex.count == 16, let bits = HexText.number(hex) else { return nil }
        self.init(bits)
    }

    /// Appends the 16 lower-case hex digits.
    package func appendHex(to bytes: inout [UInt8]) { HexText.append(bits, to: &bytes) }
}
