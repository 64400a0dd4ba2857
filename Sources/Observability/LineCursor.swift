/// Writes text at a place in memory whose owner has made sure of the room.
///
/// Every caller reserves the longest line that it can produce beforehand; that is why no append checks for room and
/// why a line costs no allocation.
struct LineCursor {
    private(set) var position: UnsafeMutablePointer<UInt8>

    init(_ position: UnsafeMutablePointer<UInt8>) {
        self.position = position
    }

    @inline(__always)
    mutating func append(byte: UInt8) {
        position.pointee = byte
        position += 1
    }

    /// Appends eight bytes in the order in which they lay in memory.
    @inline(__always)
    mutating func append(word: UInt64) {
        UnsafeMutableRawPointer(position).storeBytes(of: word, as: UInt64.self)
        position += 8
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        position.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        position += text.utf8CodeUnitCount
    }

    @inline(__always)
    mutating func append(bytes: UnsafePointer<UInt8>, count: Int) {
        position.update(from: bytes, count: count)
        position += count
    }

    /// Appends the digit of the lower four bits.
    @inline(__always)
    mutating func append(hexDigit value: UInt8) {
        let digit = value & 0xF
        append(byte: digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
    }

    /// Appends the last `digits` digits of a number that is not negative, with leading zeros.
    ///
    /// Written from the front: the optimiser of Swift 6.3 drops the stores of a loop that walks a pointer backwards here.
    mutating func append(paddedDecimal number: Int64, digits: Int) {
        let rest = UInt32(truncatingIfNeeded: max(0, number))
        var divisor: UInt32 = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            append(byte: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest / divisor % 10))
            divisor /= 10
        }
    }

    mutating func append(decimal number: Int64) {
        if number < 0 { append(byte: UInt8(ascii: "-")) }
        var rest = number.magnitude
        var digits = 1
        var power: UInt64 = 10
        while digits < 19, rest >= power {
            digits += 1
            power &*= 10
        }
        var place = position + digits
        position = place
        repeat {
            place -= 1
            place.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
    }
}
