import IntentProtocol

/// Puts the texts of a context into memory that was made large enough, each behind its length in two bytes.
struct ContextTextWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private var index = 0
    /// How many bytes were written.
    private(set) var count = 0
    /// Where each text ends.
    private(set) var ends = InlineArray<6, Int32>(repeating: 0)
    /// Whether some text is longer than is allowed.
    private(set) var isTooLong = false

    init(_ memory: UnsafeMutableBufferPointer<UInt8>) {
        self.memory = UnsafeMutableRawBufferPointer(memory)
    }

    @inline(__always)
    mutating func append(_ text: ArraySlice<UInt8>) {
        precondition(text.count <= rest.count, Self.tooSmall)
        text.withUnsafeBytes { rest.copyMemory(from: $0) }
        finish(text.count)
    }

    /// Appends a text of a frame; where there is none, an empty one.
    mutating func append(_ frame: SealedFrame, _ member: SealedFrame.Member) {
        precondition(frame.textByteCountMax(member) <= rest.count, Self.tooSmall)
        finish(frame.copyText(member, to: rest) ?? 0)
    }

    /// What is left behind the length of the next text. Release builds check no pointer, so this does.
    private var rest: UnsafeMutableRawBufferPointer {
        precondition(count + 2 <= memory.count, Self.tooSmall)
        return UnsafeMutableRawBufferPointer(rebasing: memory[(count + 2)...])
    }

    private static var tooSmall: String { "the memory of a context was counted too small" }

    @inline(__always)
    private mutating func finish(_ length: Int) {
        if length > EMCLContext.textBytesMax { isTooLong = true }
        memory[count] = UInt8(truncatingIfNeeded: length >> 8)
        memory[count + 1] = UInt8(truncatingIfNeeded: length)
        count += 2 + length
        ends[index] = Int32(truncatingIfNeeded: count)
        index += 1
    }
}
