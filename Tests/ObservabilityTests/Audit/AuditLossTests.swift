import Foundation
import Gateway
import Observability
import Testing

@Suite("Audit sink under pressure")
struct AuditLossTests {
    private func sink(
        _ writer: CollectingWriter, bytesMax: Int, shards: Int = 1,
        flushing: JSONLinesAuditSink.Flushing = .manual
    ) -> JSONLinesAuditSink {
        var limits = JSONLinesAuditSink.Limits()
        limits.bufferedBytesMax = bytesMax
        limits.shards = shards
        limits.batchBytes = 4096
        limits.flushIntervalMilliseconds = 1
        return JSONLinesAuditSink(writer: writer, limits: limits, flushing: flushing)
    }

    private func record(_ number: Int) -> AuditRecord {
        var record = AuditRecord()
        record.timeNanoseconds = AuditSinkTests.time
        record.attempts = 1000 + number
        return record
    }

    private func attempts(_ writer: CollectingWriter) throws -> [Int] {
        try writer.lines.compactMap {
            try (JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["attempts"] as? Int
        }
    }

    @Test("drops records over the bound, counts them, and says so where they would have stood")
    func lossLine() throws {
        let writer = CollectingWriter()
        let sink = sink(writer, bytesMax: 1000)
        for number in 0..<20 { sink.append(record(number)) }
        let kept = 20 - Int(sink.lost)
        sink.flush()
        #expect(kept > 0 && kept < 20)
        #expect(writer.lines.count == kept)
        #expect(
            writer.allLines.last.map(AuditSinkTests.members)
                == #"{"time":"2026-03-14T15:09:26.535897Z","event":"audit_lost","lost":\#(20 - kept)}"#)
        sink.append(record(99))
        sink.flush()
        #expect(try attempts(writer) == (0..<kept).map { 1000 + $0 } + [1099])
        #expect(sink.lost == UInt64(20 - kept))
    }

    @Test("what an output refuses is kept, offered again, and counts against the bound")
    func failingOutput() throws {
        let writer = CollectingWriter()
        let sink = sink(writer, bytesMax: 1000)
        writer.allow(600)
        for number in 0..<3 { sink.append(record(number)) }
        #expect(!sink.flush())
        #expect(!sink.flush())
        for number in 3..<20 { sink.append(record(number)) }
        #expect(sink.lost > 0)
        writer.allow(.max)
        #expect(sink.flush())
        let kept = 20 - Int(sink.lost)
        #expect(try attempts(writer) == (0..<kept).map { 1000 + $0 })
        for number in 0..<kept { sink.append(record(number)) }
        #expect(sink.lost == UInt64(20 - kept))
    }

    @Test("no line of another shard comes between the halves of a line")
    func halvesOfLines() throws {
        let writer = CollectingWriter()
        let sink = sink(writer, bytesMax: 1 << 20, shards: 4)
        DispatchQueue.concurrentPerform(iterations: 8) { worker in
            for number in 0..<50 { sink.append(record(worker * 50 + number)) }
        }
        var rounds = 0
        repeat {
            writer.allow(777)
            rounds += 1
        } while !sink.flush() && rounds < 1000
        #expect(rounds > 10)
        #expect(try attempts(writer).sorted() == (0..<400).map { 1000 + $0 })
    }

    @Test("four threads append, one flushes: nothing is lost and nothing comes twice")
    func concurrency() throws {
        let writer = CollectingWriter()
        let sink = sink(writer, bytesMax: 64 << 20, shards: 2)
        DispatchQueue.concurrentPerform(iterations: 5) { worker in
            if worker == 4 {
                for _ in 0..<200 { sink.flush() }
                return
            }
            for number in 0..<5000 { sink.append(record(worker * 5000 + number)) }
        }
        sink.flush()
        #expect(sink.lost == 0)
        #expect(try attempts(writer).sorted() == (0..<20_000).map { 1000 + $0 })
    }

    @Test("the background thread writes without being asked")
    func background() async throws {
        let (written, continuation) = AsyncStream<Void>.makeStream()
        let writer = CollectingWriter { continuation.yield() }
        let sink = sink(writer, bytesMax: 1 << 20, flushing: .background)
        sink.append(record(0))
        var iterator = written.makeAsyncIterator()
        await iterator.next()
        #expect(try attempts(writer) == [1000])
    }

    @Test("the background thread offers again what the output refused")
    func backgroundRetry() async throws {
        let (written, continuation) = AsyncStream<Void>.makeStream()
        let writer = CollectingWriter { continuation.yield() }
        let sink = sink(writer, bytesMax: 1 << 20, flushing: .background)
        writer.allow(10)
        sink.append(record(0))
        var iterator = written.makeAsyncIterator()
        await iterator.next()
        await iterator.next()
        writer.allow(.max)
        while writer.lines.isEmpty || !writer.text.hasSuffix("\n") { await iterator.next() }
        #expect(try attempts(writer) == [1000])
    }

    @Test("everything is written at the end, and the last record says so")
    func close() async throws {
        let writer = CollectingWriter()
        var limits = JSONLinesAuditSink.Limits()
        limits.flushIntervalMilliseconds = 3_600_000
        let sink = JSONLinesAuditSink(writer: writer, limits: limits)
        for number in 0..<10 { sink.append(record(number)) }
        #expect(await sink.close(withinMilliseconds: 10_000))
        #expect(try attempts(writer) == (0..<10).map { 1000 + $0 })
        #expect(writer.allLines.last?.contains(#""event":"audit_stop","lost":0,"refused":0,"#) == true)
        writer.allow(0)
        sink.append(record(10))
        #expect(await sink.close(withinMilliseconds: 10_000) == false)
    }
}
