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

    /// Records that were taken out to be written.
    struct Batch: Sendable {
        var bytes: [UInt8]
        /// How many of the bytes hold records.
        let count: Int
        let records: Int
    }

    private static let initialBytes = 128 * 1024
    /// A buffer that has grown past this is let go after its flush, so that a burst does not cost memory for ever.
    private static let keptBytesMax = 1 << 20

    /// Above this much no request is admitted where that is wanted, and records are dropped where it is not.
    private let bytesMax: Int
    /// Above this much records are dropped in any case.
    private let keptBytesLimit: Int
    private let batchBytes: Int
    private var bytes = [UInt8](repeating: 0, count: initialBytes)
    private var count = 0
    private var records = 0
    private var spare: [UInt8] = []
    private var bytesInFlight = 0
    private var wakeState = Wake.none
    private(set) var lost: UInt64 = 0
    private var lostReported: UInt64 = 0
    private var lastTimeNanoseconds: Int64 = 0
    private var cachedSecond = Int64.min
    private var cachedSecondText = [UInt8](repeating: 0, count: Timestamp.secondTextBytes)

    /// - Parameter keepsAdmitted: whether records beyond `bytesMax` are kept, because their requests were admitted before.
    init(bytesMax: Int, batchBytes: Int, keepsAdmitted: Bool) {
        self.bytesMax = bytesMax
        keptBytesLimit = keepsAdmitted ? bytesMax * Self.admittedRoom : bytesMax
        self.batchBytes = batchBytes
    }

    /// How many times the bound the records of admitted requests may take.
    private static let admittedRoom = 4

    /// Whether there is no room for records of further requests.
    var isFull: Bool { count + bytesInFlight >= bytesMax }

    /// Whether nothing waits to be taken.
    var isEmpty: Bool { count == 0 && lost == lostReported }

    /// Formats a record behind the others, or counts it as lost when the shard is full.
    mutating func append(_ record: borrowing AuditRecord) -> Wake {
        lastTimeNanoseconds = record.timeNanoseconds
        let room = keptBytesLimit - count - bytesInFlight
        let second = Timestamp.second(of: record.timeNanoseconds)
        if second != cachedSecond { cacheText(of: second) }
        let secondText = cachedSecondText
        let length = room > 0 ? write { AuditLine.write(record, secondText: secondText, second: second, to: &$0) } : 0
        if length > 0, length <= room {
            count += length
            records += 1
        } else {
            lost += 1
        }
        return wake()
    }

    /// Takes all records out, behind them the number of those that were lost since the last time.
    mutating func take() -> Batch? {
        wakeState = .none
        if lost > lostReported {
            let missing = lost - lostReported
            let time = lastTimeNanoseconds
            let length = write { AuditLine.writeLoss(of: missing, unixNanoseconds: time, to: &$0) }
            count += length
            records += 1
            lostReported = lost
        }
        guard count > 0 else { return nil }
        let batch = Batch(bytes: bytes, count: count, records: records)
        bytesInFlight += count
        bytes = spare.isEmpty ? [UInt8](repeating: 0, count: Self.initialBytes) : spare
        spare = []
        (count, records) = (0, 0)
        return batch
    }

    /// Takes the memory of a batch back; its bytes count until they are written.
    mutating func recycle(_ bytes: consuming [UInt8]) {
        if spare.isEmpty, bytes.count <= Self.keptBytesMax { spare = bytes }
    }

    /// Makes the room of written records free again.
    mutating func finish(bytes written: Int) {
        bytesInFlight -= written
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
