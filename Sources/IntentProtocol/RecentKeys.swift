/// The first keys of one object, compared pair by pair; from the ninth on, or with escapes, the ledger takes over.
struct RecentKeys {
    private var marks = InlineArray<8, KeyMark>(repeating: KeyMark(start: 0, rawCount: 0, head: 0, isEscaped: false))
    private(set) var count = 0
    /// The number of this object in the ledger; 0 while it is not there.
    var ledgerObject: UInt32 = 0

    subscript(index: Int) -> KeyMark { marks[index] }

    /// Whether a further key is to be kept here.
    @inline(__always)
    func holds(_ key: KeyText) -> Bool {
        count < 8 && ledgerObject == 0 && !key.isEscaped
    }

    /// Keeps a key; false when it is here already.
    @inline(__always)
    mutating func insert(_ key: KeyText, _ base: UnsafePointer<UInt8>) -> Bool {
        let mark = key.mark
        for index in 0..<count where marks[index].head == mark.head && marks[index].rawCount == mark.rawCount {
            if equalBytes(base + Int(marks[index].start), base + Int(mark.start), key.rawCount) { return false }
        }
        marks[count] = mark
        count += 1
        return true
    }
}
