import Glibc

/// The length of an HTTP message at the beginning of some bytes, and the little that a load client reads of it.
package struct HTTPFrame: Sendable {
    /// Head and body.
    package var byteCount: Int
    /// Of an answer; 0 of a request.
    package var status: Int
    /// Whether a header says that limits are not shared.
    package var isDegraded: Bool

    /// Nil while the message is not whole. A message without a content length ends with its head.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count > 12 else { return nil }
        status = bytes[0] == UInt8(ascii: "H") ? Self.number(bytes[9..<12]) : 0
        isDegraded = false
        var length = 0
        var headCount = 0
        while true {
            guard let feed = memchr(start + headCount, 10, bytes.count - headCount) else { return nil }
            let end = UnsafeRawPointer(feed) + 1 - start
            let line = UnsafeRawBufferPointer(rebasing: bytes[headCount..<end])
            headCount = end
            if line.count <= 2 { break }
            if Self.begins(line, "content-length:") {
                length = Self.number(line[15...])
            } else if Self.begins(line, "intentusnet-limits: degraded") {
                isDegraded = true
            }
        }
        guard bytes.count >= headCount + length else { return nil }
        byteCount = headCount + length
    }

    private static func begins(_ line: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
        guard line.count >= name.utf8CodeUnitCount, line[0] | 0x20 == name.utf8Start[0] else { return false }
        return strncasecmp(
            line.baseAddress!.assumingMemoryBound(to: CChar.self),
            UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self), name.utf8CodeUnitCount) == 0
    }

    private static func number(_ digits: some Sequence<UInt8>) -> Int {
        var value = 0
        for byte in digits where byte >= 48 && byte <= 57 { value = value * 10 + Int(byte - 48) }
        return value
    }
}
