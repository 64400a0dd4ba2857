/// Cuts bytes into lines as they come in pieces, and bounds what it keeps of one.
struct AuditLineReader {
    /// A longer line is no record: it is told, and skipped to its end.
    static let lineBytesMax = 64 << 10

    private var rest: [UInt8] = []
    private var isTooLong = false
    private var skipped = 0
    private(set) var lines = 0

    /// A line, without its end; nil for one that is too long.
    mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, _ line: (UnsafeBufferPointer<UInt8>?, Int, Int) -> Void) {
        var piece = bytes[...]
        while let end = piece.firstIndex(of: UInt8(ascii: "\n")) {
            let part = UnsafeBufferPointer(rebasing: piece[..<end])
            piece = piece[(end + 1)...]
            lines += 1
            if isTooLong || rest.count + part.count > Self.lineBytesMax {
                line(nil, lines, skipped + rest.count + part.count)
            } else if rest.isEmpty {
                line(part, lines, part.count)
            } else {
                rest.append(contentsOf: part)
                rest.withUnsafeBufferPointer { line($0, lines, $0.count) }
            }
            (rest, isTooLong, skipped) = ([], false, 0)
        }
        guard rest.count + piece.count <= Self.lineBytesMax, !isTooLong else {
            isTooLong = true
            skipped += rest.count + piece.count
            rest = []
            return
        }
        rest.append(contentsOf: piece)
    }

    /// Bytes behind the last line end.
    var restBytes: Int { skipped + rest.count }
}
