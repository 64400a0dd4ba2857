/// A range of bytes of a body, small enough to keep many of.
struct ByteRange: Equatable {
    var start: Int32
    var end: Int32

    init(_ start: Int, _ end: Int) {
        self.start = Int32(truncatingIfNeeded: start)
        self.end = Int32(truncatingIfNeeded: end)
    }

    /// Stands for a field that is not there; no field can start at byte 0.
    static let absent = ByteRange(0, 0)

    var isAbsent: Bool { start == 0 }
    var isEmpty: Bool { start == end }
    var count: Int { Int(end) - Int(start) }
    var range: Range<Int> { Int(start)..<Int(end) }
}

/// A list of strings inside a body: the whole array with its brackets, and how many entries it has.
struct ListRange: Equatable {
    var range: ByteRange
    var count: Int32

    static let absent = ListRange(range: .absent, count: 0)
}
