import CHiredis
import NIOCore

/// hiredis' formatter: the words of commands in, RESP out.
///
/// Keeps its scratch space from one command to the next; owned by one connection.
struct RedisCommandWriter {
    private var pointers: [UnsafePointer<CChar>?] = []

    /// Appends a command.
    mutating func write(_ words: CommandWords, into buffer: inout ByteBuffer) {
        pointers.removeAll(keepingCapacity: true)
        var command: UnsafeMutablePointer<CChar>?
        let length = words.bytes.withUnsafeBytes { bytes in
            // A command of empty words has no bytes to point to, but the formatter wants a pointer.
            let base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)
            var offset = 0
            for length in words.lengths {
                pointers.append(base.map { ($0 + offset).assumingMemoryBound(to: CChar.self) })
                offset += length
            }
            return words.lengths.withUnsafeBufferPointer { lengths in
                Int(redisFormatCommandArgv(&command, Int32(lengths.count), &pointers, lengths.baseAddress))
            }
        }
        guard let command, length >= 0 else { preconditionFailure("no memory for a command") }
        defer { redisFreeCommand(command) }
        buffer.writeBytes(UnsafeRawBufferPointer(start: command, count: length))
    }
}
