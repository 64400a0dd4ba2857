import Dispatch
package import Gateway
import Synchronization

/// Keeps audit records, makes a chain of lines of them and writes it in batches, never on the caller's thread.
///
/// Every event loop appends to a shard of its own. The order of the log is the one in which the writing thread takes the
/// records up: within a shard as they came, between shards by batches; the `time` of each tells the rest. Memory is bounded,
/// and ``Mode`` says what holds at the bound.
package final class JSONLinesAuditSink: AuditSink {
    /// What happens when records cannot be written as fast as they come, or at all.
    package enum Mode: Sendable {
        /// Records are dropped and counted, and the number is written as `audit_lost` where they would have stood.
        case drop
        /// Requests are refused before anything is done for them; how many is written as `audit_refused`.
        case block
    }

    /// What the sink may hold and when it writes.
    package struct Limits: Sendable {
        /// How many event loops append; each gets a shard and an equal part of the memory.
        package var shards = 1
        /// All records that wait to be written, in bytes.
        package var bufferedBytesMax = 8 << 20
        /// A shard that holds this much is written at once, in bytes.
        package var batchBytes = 64 << 10
        /// The longest that a record waits, in milliseconds.
        package var flushIntervalMilliseconds = 100
        /// Between two `audit_checkpoint`, in milliseconds; 0 for none.
        package var checkpointIntervalMilliseconds = 0

        package init() {}
    }

    /// Who writes: the name in each record, the key of the chain, and what holds at the bound.
    package struct Owner: Sendable {
        /// Letters, digits and `. _ : -`.
        package var node = "node"
        package var key = AuditKey.none
        package var mode = Mode.drop
        package var newChain: @Sendable () -> String = { AuditChainId.random() }
        package var unixNanoseconds: @Sendable () -> Int64 = Timestamp.unixNanoseconds

        package init() {}
    }

    /// Who calls ``flush()``.
    package enum Flushing: Sendable {
        /// The sink itself, on a thread of its own.
        case background
        /// The owner.
        case manual
    }

    private let mode: Mode
    private let shards: [Shard]
    private let threads: ThreadShards
    private let intervalMilliseconds: Int
    private let checkpointMilliseconds: Int
    private let queue: DispatchQueue?
    private let writer: any AuditWriter
    /// Also the lock that lets one flush run at a time.
    private let spool: Mutex<AuditSpool>
    /// Why the output takes nothing, as of the last flush.
    private let fault = Mutex<AuditFault?>(nil)
    private let isBroken = Atomic(false)
    private let isRetryPlanned = Atomic(false)
    private let refusedCount = Atomic<UInt64>(0)
    private let recordCount = Atomic<UInt64>(0)
    /// When the write that runs now began; 0 while none runs.
    private let writingSince = Atomic<Int64>(0)

    private final class Shard: Sendable {
        let state: Mutex<AuditShard>
        let isFull = Atomic(false)

        init(_ state: sending AuditShard) { self.state = Mutex(state) }
    }

    package init(
        writer: any AuditWriter, owner: Owner = Owner(), limits: Limits = Limits(), flushing: Flushing = .background
    ) {
        mode = owner.mode
        self.writer = writer
        let count = max(1, limits.shards)
        shards = (0..<count).map { _ in
            Shard(
                AuditShard(
                    bytesMax: limits.bufferedBytesMax / count, batchBytes: limits.batchBytes,
                    keepsAdmitted: owner.mode == .block))
        }
        threads = ThreadShards(count: count)
        intervalMilliseconds = limits.flushIntervalMilliseconds
        checkpointMilliseconds = limits.checkpointIntervalMilliseconds
        spool = Mutex(
            AuditSpool(
                writer: writer,
                owner: AuditSpool.Owner(
                    node: owner.node, key: owner.key, mode: owner.mode == .block ? "block" : "drop",
                    newChain: owner.newChain, unixNanoseconds: owner.unixNanoseconds)))
        switch flushing {
        case .background: queue = DispatchQueue(label: "intentusnet.audit")
        case .manual: queue = nil
        }
        planCheckpoint()
    }

    // MARK: figures

    /// How many records were dropped since the start.
    package var lost: UInt64 { shards.reduce(0) { $0 + $1.state.withLock(\.lost) } }
    /// How many requests were turned away since the start.
    package var refused: UInt64 { refusedCount.load(ordering: .relaxed) }
    /// How many records were written since the start.
    package var records: UInt64 { recordCount.load(ordering: .relaxed) }
    /// Whether the output took everything that it was offered last.
    package var isWriting: Bool { !isBroken.load(ordering: .relaxed) }

    /// Why the log is not as it should be; nil when it is.
    package func trouble(nowNanoseconds: Int64 = Timestamp.monotonicNanoseconds()) -> AuditFault? {
        if let fault = fault.withLock({ $0 }) { return fault }
        let since = writingSince.load(ordering: .relaxed)
        if since > 0, nowNanoseconds - since > Self.stallNanoseconds {
            return AuditFault("the output has taken nothing for \((nowNanoseconds - since) / 1_000_000_000) s")
        }
        return writer.trouble
    }

    private static let stallNanoseconds: Int64 = 2_000_000_000

    // MARK: records

    package func admitsRequest() -> Bool {
        guard mode == .block else { return true }
        guard isBroken.load(ordering: .relaxed) || shards[threads.current].isFull.load(ordering: .relaxed) else {
            return true
        }
        refusedCount.wrappingAdd(1, ordering: .relaxed)
        return false
    }

    package func append(_ record: borrowing AuditRecord) {
        let shard = shards[threads.current]
        // The flag follows the state under its lock: set afterwards, it could outlive the room that was made meanwhile.
        let wake = shard.state.withLock { state in
            let wake = state.append(record)
            if state.isFull { shard.isFull.store(true, ordering: .relaxed) }
            return wake
        }
        switch wake {
        case .none: break
        case .later: flush(afterMilliseconds: intervalMilliseconds)
        case .now: queue?.async { [weak self] in self?.flushInBackground() }
        }
    }

    /// Opens the output anew on the sink's own thread, because what was written may have been moved.
    package func reopen() {
        writer.reopen()
        queue?.async { [weak self] in self?.flushInBackground() }
    }

    /// Writes everything that waits; blocks until the output took it or refused.
    ///
    /// - Returns: false when the output did not take everything; the rest is kept and offered again.
    @discardableResult
    package func flush() -> Bool { run { _ in nil } }

    /// Writes everything that waits and the last record of the chain on the sink's own thread.
    ///
    /// - Parameter milliseconds: how long the output may take; what it has not taken then is left.
    /// - Returns: whether everything was written.
    @discardableResult
    package func close(withinMilliseconds milliseconds: Int) async -> Bool {
        guard let queue else { return end() }
        return await withCheckedContinuation { continuation in
            let once = OnceContinuation(continuation)
            queue.async { once.resume(self.end()) }
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { once.resume(false) }
        }
    }

    private func end() -> Bool {
        let figures = figures
        return run { $0.end(figures) }
    }

    private var figures: AuditSpool.Figures { AuditSpool.Figures(lost: lost, refused: refused) }

    /// Writes everything that waits, and then what `last` adds.
    private func run(_ last: (inout AuditSpool) -> AuditFault?) -> Bool {
        let found: AuditFault? = spool.withLock { spool in
            writingSince.store(Timestamp.monotonicNanoseconds(), ordering: .relaxed)
            defer { writingSince.store(0, ordering: .relaxed) }
            let fault = write(&spool) ?? last(&spool)
            recordCount.store(spool.records, ordering: .relaxed)
            return fault
        }
        fault.withLock { $0 = found }
        isBroken.store(found != nil, ordering: .relaxed)
        return found == nil
    }

    /// Nothing may come between the two halves of a line: what one shard has left is written before anything else.
    private func write(_ spool: inout AuditSpool) -> AuditFault? {
        if let fault = pushed(&spool) { return fault }
        // A log that was closed is not opened again for nothing.
        guard !spool.isEnded || shards.contains(where: { $0.state.withLock { !$0.isEmpty } }) else { return nil }
        if let fault = spool.prepare() { return fault }
        spool.tellRefused(refused)
        for (index, shard) in shards.enumerated() {
            guard let batch = shard.state.withLock({ $0.take() }) else { continue }
            if let fault = spool.prepare(bytes: batch.count + batch.records * Self.lineBytesAround) {
                // Only between shards: the records are sealed all the same and wait for the output.
                keep(batch, of: index, &spool)
                return fault
            }
            keep(batch, of: index, &spool)
            if let fault = pushed(&spool) { return fault }
        }
        return pushed(&spool)
    }

    /// About what a line has beyond its members.
    private static let lineBytesAround = 150

    private func keep(_ batch: consuming AuditShard.Batch, of index: Int, _ spool: inout AuditSpool) {
        spool.add(batch)
        spool.owed.append((index, batch.count))
        let bytes = batch.bytes
        shards[index].state.withLock { $0.recycle(bytes) }
    }

    /// Offers what is left; gives the room of what was taken back to its shards.
    private func pushed(_ spool: inout AuditSpool) -> AuditFault? {
        if let fault = spool.push() { return fault }
        for (index, bytes) in spool.owed {
            let shard = shards[index]
            shard.state.withLock { state in
                state.finish(bytes: bytes)
                shard.isFull.store(state.isFull, ordering: .relaxed)
            }
        }
        spool.owed.removeAll(keepingCapacity: true)
        return nil
    }

    // MARK: the sink's own thread

    private func flushInBackground() {
        if !flush() { retry() }
    }

    /// One retry at a time, however many flushes have failed.
    private func retry() {
        guard !isRetryPlanned.exchange(true, ordering: .relaxed) else { return }
        queue?.asyncAfter(deadline: .now() + .milliseconds(intervalMilliseconds)) { [weak self] in
            self?.isRetryPlanned.store(false, ordering: .relaxed)
            self?.flushInBackground()
        }
    }

    private func flush(afterMilliseconds milliseconds: Int) {
        queue?.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak self] in self?.flushInBackground() }
    }

    private func planCheckpoint() {
        guard checkpointMilliseconds > 0, let queue else { return }
        queue.asyncAfter(deadline: .now() + .milliseconds(checkpointMilliseconds)) { [weak self] in
            guard let self else { return }
            let figures = figures
            let isWritten = run { spool in
                spool.checkpoint(figures)
                return spool.push()
            }
            if !isWritten { retry() }
            planCheckpoint()
        }
    }
}
