import Dispatch
package import Gateway
import Synchronization

/// Keeps audit records as JSON lines (see `AuditLine`) and writes them in batches, never on the caller's thread.
///
/// Every event loop appends to a shard of its own; the order of records within a shard is kept, between shards the
/// `time` tells. Memory is bounded: when the output cannot keep up, records are dropped, counted in ``lost``, and the
/// number is written as an `audit_lost` line where they would have stood.
package final class JSONLinesAuditSink: AuditSink {
    /// What the sink may hold and when it writes.
    package struct Limits: Sendable {
        /// How many event loops append; each gets a shard and an equal part of the memory.
        package var shards = 1
        /// All lines that wait to be written, in bytes.
        package var bufferedBytesMax = 8 << 20
        /// A shard that holds this much is written at once, in bytes.
        package var batchBytes = 64 << 10
        /// The longest that a line waits, in milliseconds.
        package var flushIntervalMilliseconds = 100

        package init() {}
    }

    /// Who calls ``flush()``.
    package enum Flushing: Sendable {
        /// The sink itself, on a thread of its own.
        case background
        /// The owner.
        case manual
    }

    private let writer: any AuditWriter
    private let shards: [Shard]
    private let threads: ThreadShards
    private let intervalMilliseconds: Int
    private let queue: DispatchQueue?
    /// The batch whose writing failed halfway; also the lock that lets one flush run at a time.
    private let unwritten = Mutex<AuditShard.Batch?>(nil)

    private final class Shard: Sendable {
        let state: Mutex<AuditShard>

        init(_ state: sending AuditShard) { self.state = Mutex(state) }
    }

    package init(writer: any AuditWriter, limits: Limits = Limits(), flushing: Flushing = .background) {
        self.writer = writer
        let count = max(1, limits.shards)
        shards = (0..<count).map { _ in
            Shard(AuditShard(bytesMax: limits.bufferedBytesMax / count, batchBytes: limits.batchBytes))
        }
        threads = ThreadShards(count: count)
        intervalMilliseconds = limits.flushIntervalMilliseconds
        switch flushing {
        case .background: queue = DispatchQueue(label: "intentusnet.audit")
        case .manual: queue = nil
        }
    }

    /// How many records were dropped since the start.
    package var lost: UInt64 {
        shards.reduce(0) { $0 + $1.state.withLock(\.lost) }
    }

    package func append(_ record: borrowing AuditRecord) {
        let wake = shards[threads.current].state.withLock { $0.append(record) }
        switch wake {
        case .none: break
        case .later:
            queue?.asyncAfter(deadline: .now() + .milliseconds(intervalMilliseconds)) { [weak self] in
                self?.flushInBackground()
            }
        case .now:
            queue?.async { [weak self] in self?.flushInBackground() }
        }
    }

    /// Writes everything that waits; blocks until the output took it or refused.
    ///
    /// - Returns: false when the output did not take everything; the rest is kept and offered again.
    @discardableResult
    package func flush() -> Bool {
        unwritten.withLock { unwritten in
            if let batch = unwritten {
                unwritten = write(batch)
                guard unwritten == nil else { return false }
            }
            for (index, shard) in shards.enumerated() {
                guard let batch = shard.state.withLock({ $0.take(shard: index) }) else { continue }
                unwritten = write(batch)
                // Nothing may be written between the two halves of a line, so the other shards wait too.
                guard unwritten == nil else { return false }
            }
            return true
        }
    }

    /// Writes everything that waits on the sink's own thread; for the end of a graceful stop.
    ///
    /// It waits as long as the output blocks; an owner with a deadline races it against that.
    ///
    /// - Returns: false when the output did not take everything.
    @discardableResult
    package func drain() async -> Bool {
        guard let queue else { return flush() }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.flush()) }
        }
    }

    private func flushInBackground() {
        guard !flush() else { return }
        queue?.asyncAfter(deadline: .now() + .milliseconds(intervalMilliseconds)) { [weak self] in
            self?.flushInBackground()
        }
    }

    /// Returns the batch again when the output took only a part of it.
    private func write(_ batch: consuming AuditShard.Batch) -> AuditShard.Batch? {
        var batch = batch
        while batch.writtenBytes < batch.count {
            let taken = batch.bytes.withUnsafeBytes { writer.write(UnsafeRawBufferPointer(rebasing: $0[batch.rest])) }
            guard taken > 0 else { return batch }
            batch.writtenBytes += taken
        }
        let finished = batch
        shards[batch.shard].state.withLock { $0.finish(finished) }
        return nil
    }
}
