/// A range of bytes in a head; empty and at zero when the header was not there.
struct ByteRange: Sendable, Hashable {
    var start: Int32 = 0
    var end: Int32 = 0

    init() {}

    init(_ start: Int, _ end: Int) {
        self.start = Int32(truncatingIfNeeded: start)
        self.end = Int32(truncatingIfNeeded: end)
    }

    /// A head begins with its method, so no header's value can begin at zero.
    var isPresent: Bool { start != 0 }
    var range: Range<Int> { Int(start)..<Int(end) }
}
