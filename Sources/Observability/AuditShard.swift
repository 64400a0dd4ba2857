import Gateway

/// The lines of one shard that wait to be written.
struct AuditShard {
    /// What the owner of the shard should do after an append, once the lock is released.
    enum Wake {
        case none
        /// The first line after a flush: flush when the interval is over.
        case later
        /// A batch is full: flush now.
        case now
    }

    /// Lines that were taken out to be written.
    struct Batch: Sendable {
        var bytes: [UInt8]
        var count: Int
        var writtenBytes = 0
        let shard: Int

        var rest: Range<Int> { writtenBytes..<count }
    }

    private static let initialBytes = 128 * 1024
    /// A buffer that has grown past this is let go after its flush, so that a burst does not cost memory for ever.
    private static let keptBytesMax = 1 << 20

    private let bytesMax: Int
    private let batchBytes: Int
    private var bytes = [UInt8](repeating: 0, count: initialBytes)
    private var count = 0
    private var spare: [UInt8] = []
    private var bytesInFlight = 0
    private var wakeState = Wake.none
    private(set) var lost: UInt64 = 0
    private var lostReported: UInt64 = 0
    private var lastTimeNanoseconds: Int64 = 0
    private var cachedSecond = Int64.min
    private var cachedSecondText = [UInt8](repeating: 0, count: Timestamp.secondTextBytes)

    init(bytesMax: Int, batchBytes: Int) {
        self.bytesMax = bytesMax
        self.batchBytes = batchBytes
    }

    /// Formats a record behind the others, or counts it as lost when the shard is full.
    mutating func append(_ record: borrowing AuditRecord) -> Wake {
        lastTimeNanoseconds = record.timeNanoseconds
        let room = bytesMax - count - bytesInFlight
        let second = Timestamp.second(of: record.timeNanoseconds)
        if second != cachedSecond { cacheText(of: second) }
        let secondText = cachedSecondText
        let length = room > 0 ? write { AuditLine.write(record, secondText: secondText, second: second, to: &$0) } : 0
        if length > 0, length <= room {
            count += length
        } else {
            lost += 1
        }
        return wake()
    }

    /// Takes all lines out, behind them the number of records that were lost since the last time.
    mutating func take(shard: Int) -> Batch? {
        wakeState = .none
        if lost > lostReported {
            let missing = lost - lostReported
            let time = lastTimeNanoseconds
            let length = write { AuditLine.writeLoss(of: missing, unixNanoseconds: time, to: &$0) }
            count += length
            lostReported = lost
        }
        guard count > 0 else { return nil }
        let batch = Batch(bytes: bytes, count: count, shard: shard)
        bytesInFlight += count
        bytes = spare.isEmpty ? [UInt8](repeating: 0, count: Self.initialBytes) : spare
        spare = []
        count = 0
        return batch
    }

    /// Makes the room of a written batch free again.
    mutating func finish(_ batch: consuming Batch) {
        bytesInFlight -= batch.count
        if spare.isEmpty, batch.bytes.count <= Self.keptBytesMax { spare = batch.bytes }
    }

    private mutating func wake() -> Wake {
        switch wakeState {
        case .none:
            wakeState = count >= batchBytes ? .now : .later
            return wakeState
        case .later where count >= batchBytes:
            wakeState = .now
            return .now
        case .later, .now:
            return .none
        }
    }

    /// Writes a line behind the others without counting it yet; returns its length.
    private mutating func write(_ line: (inout LineCursor) -> Void) -> Int {
        if bytes.count - count < AuditLine.bytesMax {
            bytes.append(contentsOf: repeatElement(0, count: max(bytes.count, AuditLine.bytesMax)))
        }
        let offset = count
        return bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            var cursor = LineCursor(base + offset)
            line(&cursor)
            return cursor.position - (base + offset)
        }
    }

    private mutating func cacheText(of second: Int64) {
        cachedSecond = second
        cachedSecondText.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var cursor = LineCursor(base)
            cursor.append(secondText: second)
        }
    }
}
