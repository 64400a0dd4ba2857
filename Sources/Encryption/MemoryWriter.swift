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

    init(_ memory: UnsafeMutableBufferPointer<UInt8>) {
        self.memory = UnsafeMutableRawBufferPointer(memory)
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

    /// A text as it stands between the quotes of a JSON string.
    mutating func append(escaping text: UnsafeRawBufferPointer) {
        var escaped: [UInt8] = []
        escaped.append(escaping: text.assumingMemoryBound(to: UInt8.self))
        escaped.withUnsafeBytes { append($0) }
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

    /// A number that is not negative.
    mutating func append(decimal value: Int64) {
        let start = count
        var rest = value
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        memory[start..<count].reverse()
    }
}
