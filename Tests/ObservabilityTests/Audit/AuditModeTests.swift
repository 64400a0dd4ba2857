import Gateway
import Glibc
import Observability
import Testing

@Suite("Audit log in block mode")
struct AuditModeTests {
    private func sink(_ writer: CollectingWriter, bytesMax: Int = 8 << 20) -> JSONLinesAuditSink {
        var owner = JSONLinesAuditSink.Owner()
        owner.mode = .block
        var limits = JSONLinesAuditSink.Limits()
        limits.bufferedBytesMax = bytesMax
        return JSONLinesAuditSink(writer: writer, owner: owner, limits: limits, flushing: .manual)
    }

    private func record(_ number: Int) -> AuditRecord {
        var record = AuditRecord()
        record.attempts = number
        return record
    }

    @Test("an output that takes nothing refuses requests at once, and says how many when it comes back")
    func brokenOutput() throws {
        let writer = CollectingWriter()
        let sink = sink(writer)
        #expect(sink.admitsRequest())
        sink.append(record(1))
        writer.allow(0)
        #expect(!sink.flush())
        #expect(sink.trouble()?.description == "full")
        #expect(!sink.isWriting)
        for _ in 0..<3 { #expect(!sink.admitsRequest()) }
        // What was under way is kept.
        sink.append(record(2))
        #expect(!sink.flush())
        writer.allow(.max)
        #expect(sink.flush())
        #expect(sink.trouble() == nil)
        #expect(sink.admitsRequest())
        #expect(sink.lost == 0)
        #expect(sink.refused == 3)
        #expect(writer.lines.count == 2)
        #expect(writer.allLines.contains { $0.contains(#""event":"audit_refused","refused":3,"#) })
        #expect(writer.allLines.first?.contains(#""mode":"block""#) == true)
    }

    @Test("a full memory refuses requests until it is written, and keeps what was admitted")
    func fullMemory() throws {
        let writer = CollectingWriter()
        let sink = sink(writer, bytesMax: 1000)
        var admitted = 0
        while sink.admitsRequest(), admitted < 1000 {
            sink.append(record(admitted))
            admitted += 1
        }
        #expect(admitted > 3 && admitted < 20)
        for number in 0..<5 { sink.append(record(admitted + number)) }
        #expect(sink.flush())
        #expect(sink.admitsRequest())
        #expect(sink.lost == 0)
        #expect(writer.lines.count == admitted + 5)
    }

    @Test(
        "a pipe that nobody reads blocks the writing thread alone: requests are refused when memory is full, until it is read"
    )
    func stalledPipe() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        defer {
            close(reading)
            close(writing)
        }
        var owner = JSONLinesAuditSink.Owner()
        owner.mode = .block
        var limits = JSONLinesAuditSink.Limits()
        limits.bufferedBytesMax = 1 << 20
        let writer = DescriptorAuditWriter(descriptor: writing, name: "a pipe")
        let sink = JSONLinesAuditSink(writer: writer, owner: owner, limits: limits)
        var appended = 0
        while sink.admitsRequest(), appended < 1_000_000 {
            sink.append(record(appended))
            appended += 1
        }
        #expect(sink.refused == 1 && sink.lost == 0)
        // The write that hangs is told by its age.
        let later = Timestamp.monotonicNanoseconds() + 10_000_000_000
        #expect(sink.trouble(nowNanoseconds: later)?.description.hasPrefix("the output has taken nothing for") == true)
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        var lines = 0
        // The start, every record, and what was refused.
        while lines < appended + 2 {
            let count = read(reading, &piece, piece.count)
            guard count > 0 else { break }
            lines += piece[..<count].count { $0 == UInt8(ascii: "\n") }
        }
        #expect(lines == appended + 2)
        while !sink.admitsRequest() { usleep(1_000) }
        #expect(sink.lost == 0)
    }

    @Test("drop mode admits whatever the output does")
    func dropMode() {
        let writer = CollectingWriter()
        writer.allow(0)
        let sink = JSONLinesAuditSink(writer: writer, flushing: .manual)
        sink.append(record(1))
        #expect(!sink.flush())
        #expect(sink.admitsRequest())
        #expect(sink.refused == 0)
    }
}
