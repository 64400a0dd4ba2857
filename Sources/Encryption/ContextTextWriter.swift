import IntentProtocol

/// Puts the texts of a context into memory that was made large enough: each behind its length in two bytes, and then as members of a body.
struct ContextTextWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private var index = 0
    /// How many bytes were written.
    private(set) var count = 0
    /// Where each text ends.
    private(set) var ends = InlineArray<6, Int32>(repeating: 0)
    /// Whether some text is longer than is allowed.
    private(set) var isTooLong = false
    /// Whether no text has a byte that a JSON string must escape.
    private(set) var isPlain = true

    init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    @inline(__always)
    mutating func append(_ text: ArraySlice<UInt8>) {
        precondition(text.count <= rest.count, Self.tooSmall)
        text.withUnsafeBytes { text in
            rest.copyMemory(from: text)
            if isPlain { isPlain = !JSONEscapes.isNeeded(in: text) }
        }
        finish(text.count)
    }

    /// Appends a text of a frame; where there is none, an empty one.
    mutating func append(_ frame: SealedFrame, _ member: SealedFrame.Member) {
        precondition(frame.textByteCountMax(member) <= rest.count, Self.tooSmall)
        let length = frame.copyText(member, to: rest) ?? 0
        if isPlain { isPlain = !JSONEscapes.isNeeded(in: UnsafeRawBufferPointer(rebasing: rest[..<length])) }
        finish(length)
    }

    /// Appends a text that needs no escapes.
    @inline(__always)
    mutating func append(plain text: UnsafeRawBufferPointer) {
        precondition(text.count <= rest.count, Self.tooSmall)
        rest.copyMemory(from: text)
        finish(text.count)
    }

    /// Appends all of the members, as a frame has them.
    mutating func append(members: UnsafeRawBufferPointer) {
        var writer = MemoryWriter(UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
        writer.append(members)
        count += writer.count
    }

    /// Appends a member for each text, none of which needs escapes.
    mutating func appendMembers() {
        var writer = MemoryWriter(UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
        var start = 0
        for index in 0..<6 {
            let end = Int(ends[index])
            writer.append(EMCLContext.memberHead(index))
            writer.append(UnsafeRawBufferPointer(rebasing: memory[(start + 2)..<end]))
            start = end
        }
        writer.append(UInt8(ascii: "\""))
        count += writer.count
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
