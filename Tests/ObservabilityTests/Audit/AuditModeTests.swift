import Gateway
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
