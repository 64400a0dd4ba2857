/// Reads a chunked body strictly, in pieces as they come; pure.
///
/// Extensions are refused and trailers too: both have been read differently by different parsers, and no intent needs them.
package struct ChunkedBody: Sendable {
    /// What the bytes so far amount to.
    package enum Progress: Sendable, Hashable {
        case needsMore
        case complete
    }

    /// Why the body is refused.
    package enum Fault: Error, Sendable, Hashable {
        case malformed
        case tooLarge
    }

    private enum State: Sendable, Hashable {
        case sizeStart
        case size
        case sizeLineFeed
        case data
        case dataReturn
        case dataLineFeed
        case endReturn
        case endLineFeed
        case complete
    }

    private var state = State.sizeStart
    private var remaining = 0
    private var sizeDigits = 0
    private(set) var body: [UInt8] = []
    private let bytesMax: Int
    private static let sizeDigitsMax = 16

    package init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Takes the whole body out.
    package mutating func takeBody() -> [UInt8] {
        let whole = body
        body = []
        return whole
    }

    /// Reads on.
    ///
    /// - Parameter consumed: how many bytes belonged to the body; those behind it are the next message's.
    package mutating func read(_ bytes: UnsafeRawBufferPointer, consumed: inout Int) throws(Fault) -> Progress {
        var index = 0
        while index < bytes.count, state != .complete {
            if state == .data {
                let count = min(remaining, bytes.count - index)
                body.append(contentsOf: bytes[index..<(index + count)])
                remaining -= count
                index += count
                if remaining == 0 { state = .dataReturn }
            } else {
                try step(bytes[index])
                index += 1
            }
        }
        consumed = index
        return state == .complete ? .complete : .needsMore
    }

    private mutating func step(_ byte: UInt8) throws(Fault) {
        switch state {
        case .sizeStart:
            remaining = try Self.hexDigit(byte)
            sizeDigits = 1
            state = .size
        case .size:
            guard byte != 0x0D else {
                state = .sizeLineFeed
                return
            }
            remaining = remaining << 4 | (try Self.hexDigit(byte))
            guard remaining <= bytesMax else { throw .tooLarge }
            // More digits than a size has overflow in other parsers; zeros in front could go on for ever.
            sizeDigits += 1
            guard sizeDigits <= Self.sizeDigitsMax else { throw .malformed }
        case .sizeLineFeed:
            guard byte == 0x0A else { throw .malformed }
            guard body.count + remaining <= bytesMax else { throw .tooLarge }
            state = remaining == 0 ? .endReturn : .data
        case .dataReturn:
            guard byte == 0x0D else { throw .malformed }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0A else { throw .malformed }
            state = .sizeStart
        case .endReturn:
            guard byte == 0x0D else { throw .malformed }
            state = .endLineFeed
        case .endLineFeed:
            guard byte == 0x0A else { throw .malformed }
            state = .complete
        case .data, .complete: throw .malformed
        }
    }

    private static func hexDigit(_ byte: UInt8) throws(Fault) -> Int {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): return Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): return Int(byte - UInt8(ascii: "A")) + 10
        default: throw .malformed
        }
    }
}
