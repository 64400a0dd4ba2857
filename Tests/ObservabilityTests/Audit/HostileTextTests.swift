import Foundation
import Gateway
import Observability
import Testing

@Suite("Hostile texts in the audit log")
struct HostileTextTests {
    private func lines(_ records: [AuditRecord]) -> [Substring] {
        let writer = CollectingWriter()
        let sink = JSONLinesAuditSink(writer: writer, flushing: .manual)
        for record in records { sink.append(record) }
        sink.flush()
        return writer.lines
    }

    /// Every scalar that stands for nothing that can be seen, and the borders of all others.
    private static let scalars: [Unicode.Scalar] = (0...0x10FFFF).compactMap(Unicode.Scalar.init).filter { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator: true
        default: scalar.value % 0x400 < 2 || scalar.value % 0x400 > 0x3FD
        }
    }

    @Test("S29 every class of code points keeps its meaning, and none ends a line, steers a terminal or hides")
    func everyClass() throws {
        let records = stride(from: 0, to: Self.scalars.count, by: 40).map { start in
            var text = String.UnicodeScalarView()
            text.append(contentsOf: Self.scalars[start..<min(start + 40, Self.scalars.count)])
            var record = AuditRecord()
            (record.subject, record.detail) = (String(text), String(text))
            record.intent = Array(String(text).utf8)[...]
            return record
        }
        let written = lines(records)
        #expect(written.count == records.count)
        for (line, record) in zip(written, records) {
            let hidden = line.unicodeScalars.filter { scalar in
                switch scalar.properties.generalCategory {
                case .control, .lineSeparator, .paragraphSeparator: true
                case .format: scalar.properties.isBidiControl || scalar.properties.isDefaultIgnorableCodePoint
                default: scalar.properties.isNoncharacterCodePoint || scalar.properties.isDefaultIgnorableCodePoint
                }
            }
            #expect(hidden.isEmpty, "\(hidden.map(\.value))")
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(object["detail"] as? String == record.detail)
        }
    }

    @Test(
        "S29 bytes that are no UTF-8 become replacement characters: surrogates, overlong forms, stray and missing bytes"
    )
    func invalidUTF8() throws {
        let sequences: [[UInt8]] = [
            [0x80], [0xBF], [0xC0, 0x8A], [0xC1, 0xBF], [0xE0, 0x80, 0x8A], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xF0, 0x80, 0x80, 0x8A], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE], [0xE2, 0x80],
            [0xF0, 0x9D, 0x84],
        ]
        let records = sequences.map { bytes in
            var record = AuditRecord()
            record.intent = (Array("a".utf8) + bytes + Array("z".utf8))[...]
            record.requestId = bytes[...]
            return record
        }
        for (line, bytes) in zip(lines(records), sequences) {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let text = try #require(object["intent"] as? String)
            #expect(text.hasPrefix("a\u{FFFD}") && text.hasSuffix("\u{FFFD}z"), "\(bytes)")
            #expect(text.unicodeScalars.dropFirst().dropLast().allSatisfy { $0 == "\u{FFFD}" })
        }
    }

    @Test("S29 no text of a caller forges the members of the chain or another record")
    func forged() throws {
        let forgeries = [
            #"","seq":1,"x":""#, #"x","hash":"0000""# + "}\n{\"version\":1", "\u{2028}{\"version\":1}",
            #"\"}\n{"version":1}"#,
            #"a\"#,
        ]
        let records = forgeries.flatMap { text in
            var record = AuditRecord()
            (record.subject, record.remoteAddress, record.agent, record.target) = (text, text, text, text)
            record.intent = Array(text.utf8)[...]
            return [record, record]
        }
        let written = lines(records)
        #expect(written.count == records.count)
        for (number, line) in written.enumerated() {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            // The first record of the chain is the log's own.
            #expect(object["seq"] as? Int == number + 2)
            #expect((object["hash"] as? String)?.count == 64)
            #expect(line.components(separatedBy: #","hash":""#).count == 2)
        }
    }
}
