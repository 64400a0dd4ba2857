import Foundation
import Gateway
import Testing

@testable import Observability

/// A log as a node writes it, to be tampered with.
struct ChainFixture {
    static let key = AuditKey(Array("a key of a node, at least 32 bytes long".utf8))

    var lines: [String]

    /// The lines of a node that handled so many requests and stopped.
    init(
        node: String = "gw-1", chain: UInt64 = 1, records: Int = 5, key: AuditKey? = ChainFixture.key,
        after past: AuditLink? = nil, isClosed: Bool = true, newFileAt: Int? = nil
    ) async {
        let writer = CollectingWriter()
        writer.become(.same, past: past)
        var owner = JSONLinesAuditSink.Owner()
        owner.node = node
        owner.key = key ?? .none
        owner.newChain = { AuditChainId.text(chain) }
        let start = AuditSinkTests.time + Int64(chain) * 1_000_000_000
        owner.unixNanoseconds = { start }
        let sink = JSONLinesAuditSink(writer: writer, owner: owner, flushing: .manual)
        for number in 0..<records {
            if number == newFileAt { writer.become(.new) }
            var record = AuditRecord()
            record.timeNanoseconds = start
            record.attempts = number
            record.subject = "user \(number)"
            sink.append(record)
            sink.flush()
        }
        if isClosed { _ = await sink.close(withinMilliseconds: 1000) }
        lines = writer.allLines.map(String.init)
    }

    var text: String { lines.map { $0 + "\n" }.joined() }

    /// What a next chain would say of the end.
    var link: AuditLink? { AuditLink(endOf: Array(text.utf8)) }
}

extension AuditVerifier {
    /// Reads texts as files a, b, c, in the order given.
    static func verify(
        _ texts: String..., keys: [AuditKey] = [ChainFixture.key].compactMap { $0 }, mayBeOpen: Bool = false
    ) -> Result {
        var verifier = AuditVerifier(keys: keys)
        for (name, text) in zip("abcdefgh", texts) {
            var pieces = stride(from: 0, to: text.utf8.count, by: 1000).map { start in
                Array(text.utf8.dropFirst(start).prefix(1000))
            }
            verifier.read(String(name)) { pieces.isEmpty ? [] : pieces.removeFirst() }
        }
        return verifier.finish(mayBeOpen: mayBeOpen)
    }
}

extension AuditVerifier.Result {
    /// Problems as `kind place`.
    var problems: [String] {
        findings.filter(\.isProblem).map { "\($0.kind.rawValue) \($0.place.map { "\($0)" } ?? "-")" }
    }

    var notes: [String] { findings.filter { !$0.isProblem }.map(\.message) }
}
