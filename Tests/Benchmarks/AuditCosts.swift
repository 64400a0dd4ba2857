import Gateway
import Observability

/// What one audit record costs: on the event loop that appends it, and on the thread that makes a line of it.
enum AuditCosts {
    private struct Nowhere: AuditWriter {
        func write(_ lines: UnsafeRawBufferPointer) -> AuditWriting { AuditWriting(bytes: lines.count) }
    }

    private static let record: AuditRecord = {
        var record = AuditRecord()
        record.timeNanoseconds = 1_773_500_966_535_897_932
        record.latencyNanoseconds = 1_234_567
        record.remoteAddress = "203.0.113.7:51334"
        record.requestId = Array("0f3f5c1e-8f5b-4c53-9d0e-2a3c5d1f7b60".utf8)[...]
        record.traceId = Array("4bf92f3577b34da6a3ce929d0e0e4736".utf8)[...]
        record.intent = Array("SummarizeIntent".utf8)[...]
        record.intentVersion = Array("1.0".utf8)[...]
        (record.subject, record.issuer, record.tenant) = ("user-1234", "https://idp.example.com", "acme")
        (record.principal, record.identitySource) = ("cluster.local/ns/default/sa/api-gateway", "mtls")
        (record.agent, record.rule, record.status, record.attempts) = ("summarizer", "tenant-rate-limit", 200, 1)
        return record
    }()

    private static func sink(
        _ key: AuditKey, _ mode: JSONLinesAuditSink.Mode, _ flushing: JSONLinesAuditSink.Flushing
    ) -> JSONLinesAuditSink {
        var owner = JSONLinesAuditSink.Owner()
        (owner.key, owner.mode) = (key, mode)
        var limits = JSONLinesAuditSink.Limits()
        (limits.bufferedBytesMax, limits.batchBytes) = (1 << 30, 256 << 10)
        return JSONLinesAuditSink(writer: Nowhere(), owner: owner, limits: limits, flushing: flushing)
    }

    static func measure() -> [Measurement] {
        guard let key = AuditKey(Array("a key for figures, of 32 bytes at least".utf8)) else { return [] }
        let background = sink(key, .block, .background)
        let append = Measurement("append an audit record, block mode", atMost: 1_000) {
            guard background.admitsRequest() else { return 0 }
            background.append(record)
            return 1
        }
        // The thread that measures is the one that writes: what appending costs is taken off.
        func written(_ name: String, _ key: AuditKey, atMost bound: Double? = nil) -> Measurement {
            let manual = sink(key, .drop, .manual)
            var count = 0
            return Measurement(name, atMost: bound.map { $0 + append.median }) {
                manual.append(record)
                count += 1
                if count % 500 == 0 { manual.flush() }
                return 1
            }
        }
        return [
            append, written("the same, and write it with HMAC-SHA256", key, atMost: 1_000),
            written("the same, and write it with SHA-256", .none),
        ]
    }
}
