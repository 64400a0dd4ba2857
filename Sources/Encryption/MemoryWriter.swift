import IntentProtocol

/// Writes a message into memory that was made large enough: two dozen small pieces, each no more than a comparison and a copy.
///
/// Whoever counted the memory too small ends the process, and writes nothing behind it: release builds check no pointer.
struct MemoryWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        require(1)
        memory[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        require(bytes.count)
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    @inline(__always)
    mutating func append(_ literal: StaticString) {
        append(UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    mutating func append(base64 bytes: UnsafeRawBufferPointer) {
        let length = Base64.encodedCount(bytes.count)
        require(length)
        let end = count + length
        Base64.encode(bytes, into: UnsafeMutableRawBufferPointer(rebasing: memory[count..<end]))
        count = end
    }

    @inline(__always)
    private func require(_ byteCount: Int) {
        precondition(byteCount <= memory.count - count, "the memory of a message was counted too small")
    }

    /// A number, its first byte the highest.
    @inline(__always)
    mutating func append(bigEndian value: some FixedWidthInteger) {
        let byteCount = value.bitWidth / 8
        require(byteCount)
        memory.storeBytes(of: value.bigEndian, toByteOffset: count, as: type(of: value))
        count += byteCount
    }

    /// A number that is not negative.
    mutating func append(decimal value: Int64) {
        var digits = 1
        var bound: Int64 = 10
        while digits < 19, value >= bound {
            digits += 1
            bound = digits < 19 ? bound * 10 : bound
        }
        require(digits)
        var rest = UInt64(max(value, 0))
        var place = count + digits
        count = place
        while digits > 0 {
            place -= 1
            digits -= 1
            memory[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
