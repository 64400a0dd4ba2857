import Foundation
import Gateway
import IntentProtocol
import Observability
import Testing

@Suite("Audit sink")
struct AuditSinkTests {
    /// 2026-03-14T15:09:26.535897Z
    static let time: Int64 = 1_773_500_966_535_897_932

    private func sink(
        _ writer: CollectingWriter, bytesMax: Int = 8 << 20, shards: Int = 1,
        flushing: JSONLinesAuditSink.Flushing = .manual
    ) -> JSONLinesAuditSink {
        var limits = JSONLinesAuditSink.Limits()
        limits.bufferedBytesMax = bytesMax
        limits.shards = shards
        limits.flushIntervalMilliseconds = 1
        return JSONLinesAuditSink(writer: writer, limits: limits, flushing: flushing)
    }

    private func line(_ change: (inout AuditRecord) -> Void) -> String {
        let writer = CollectingWriter()
        let sink = sink(writer)
        var record = AuditRecord()
        record.timeNanoseconds = Self.time
        change(&record)
        sink.append(record)
        sink.flush()
        return writer.lines.map { Self.members($0) + "\n" }.joined()
    }

    /// The record as an object, without what the chain adds to it.
    static func members(_ line: Substring) -> String {
        guard let time = line.range(of: #""time""#), let hash = line.range(of: #","hash":""#, options: .backwards)
        else {
            return String(line)
        }
        return "{" + line[time.lowerBound..<hash.lowerBound] + "}"
    }

    private func object(_ line: some StringProtocol) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test("writes every member under its documented name")
    func fullLine() {
        let written = line { record in
            record.latencyNanoseconds = 1_234_567
            record.remoteAddress = "203.0.113.7:51334"
            record.requestId = Array("xxr-1".utf8)[2...]
            record.traceId = Array("4bf92f3577b34da6a3ce929d0e0e4736".utf8)[...]
            record.intent = Array("SummarizeIntent".utf8)[...]
            record.intentVersion = Array("1.0".utf8)[...]
            record.subject = "alice"
            record.issuer = "https://idp.example.com"
            record.tenant = "acme"
            record.agent = "summarizer"
            record.rule = "allow-summaries"
            record.shadowRules = ["no-drafts", "new \"quota\""]
            record.outcome = .agentTimeout
            record.reason = "deadline"
            record.status = 504
            record.attempts = 2
        }
        #expect(
            written
                == #"{"time":"2026-03-14T15:09:26.535897Z","event":"request","outcome":"AGENT_TIMEOUT","status":504,"#
                + #""reason":"deadline","requestId":"r-1","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","#
                + #""intent":"SummarizeIntent","intentVersion":"1.0","subject":"alice","#
                + #""issuer":"https://idp.example.com","tenant":"acme","agent":"summarizer","rule":"allow-summaries","#
                + #""shadowRules":["no-drafts","new \"quota\""],"latencyMicroseconds":1234,"attempts":2,"#
                + #""remote":"203.0.113.7:51334"}"# + "\n")
    }

    @Test("leaves out what does not apply")
    func emptyLine() {
        #expect(
            line { $0.event = .configReload }
                == #"{"time":"2026-03-14T15:09:26.535897Z","event":"config_reload","outcome":"success"}"#
                + "\n")
    }

    @Test(
        "S29 a plain text cannot forge a line or a member",
        arguments: [
            "a\nb", "a\r\n{\"event\":\"request\"}", "quote\",\"status\":200,\"x\":\"", "back\\",
            "\u{0}\u{1}\u{1F}\u{7F}",
            "esc \u{1B}[2J", "c1 \u{85}\u{9B}", "bidi \u{202E}\u{2066}\u{200F}\u{61C}",
            "no width \u{200B}\u{FEFF}\u{2060}\u{AD}",
            "tags \u{E0041}\u{E007F}", "nonchars \u{FFFE}\u{1FFFF}", "separators \u{2028}\u{2029}",
            "naïve ☃ 𝄞 \u{FFFD}", "\\n", "tab\t",
            "12345678\n", "1234567\"8", "\u{80}12345678",
        ])
    func plainEscaping(text: String) throws {
        let written = line { record in
            record.subject = text
            record.remoteAddress = text
            record.shadowRules = [text]
        }
        #expect(written.unicodeScalars.filter { $0 == "\n" }.count == 1)
        let controls = written.unicodeScalars.dropLast().filter { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .surrogate: true
            default: false
            }
        }
        #expect(controls.isEmpty)
        let object = try object(written)
        #expect(object["subject"] as? String == text)
        #expect(object["remote"] as? String == text)
        #expect(object["shadowRules"] as? [String] == [text])
    }

    @Test(
        "S29 a caller's text is pasted as it came",
        arguments: [
            (#"a\nb"#, "a\nb"), (#"\"\\\/\b\f\r\t"#, "\"\\/\u{8}\u{C}\r\t"), (#"\u00e9\ud834\udd1e"#, "é𝄞"),
            ("é☃𝄞", "é☃𝄞"), (#"1234567\n12345678"#, "1234567\n12345678"),
        ])
    func escapedText(bytes: String, meaning: String) throws {
        let written = line { $0.requestId = Array(bytes.utf8)[...] }
        #expect(written.contains("\"requestId\":\"\(bytes)\""))
        #expect(try object(written)["requestId"] as? String == meaning)
    }

    @Test(
        "S29 a caller's text that is not escaped JSON is made harmless",
        arguments: [
            (Array("a\nb".utf8), "a\nb"), (Array("a\",\"status\":1".utf8), "a\",\"status\":1"),
            (Array(#"end\"#.utf8), #"end\"#), (Array(#"\x"#.utf8), #"\x"#), (Array(#"\u12"#.utf8), #"\u12"#),
            (Array(#"\ud834!"#.utf8), #"\ud834!"#), (Array(#"\udd1e"#.utf8), #"\udd1e"#),
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b"), ([0xC0, 0x80], "\u{FFFD}\u{FFFD}"),
            ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"), ([0xE2, 0x82], "\u{FFFD}\u{FFFD}"),
            ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        ] as [([UInt8], String)])
    func hostileText(bytes: [UInt8], meaning: String) throws {
        let written = line { $0.traceId = bytes[...] }
        #expect(try object(written)["traceId"] as? String == meaning)
    }

    @Test(
        "S29 random bytes never break a line",
        arguments: [UInt64(1), 2, 3])
    func randomBytes(seed: UInt64) throws {
        var generator = SplitMix64(state: seed)
        let alphabet: [UInt8] = Array("\"\\u0dDnd8c\n\u{1F}é☃".utf8) + [0xFF, 0xED, 0xA0]
        for _ in 0..<2000 {
            let count = Int(generator.next() % 40)
            let bytes = (0..<count).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] }
            let written = line { $0.intent = bytes[...] }
            #expect(written.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 1)
            #expect(throws: Never.self) { try object(written) }
        }
    }

    @Test(
        "caps a field at 1 KiB without cutting a character or an escape",
        arguments: [
            String(repeating: "a", count: 5000), String(repeating: "☃", count: 500),
            String(repeating: "\n", count: 700),
            String(repeating: "𝄞", count: 400), String(repeating: "\u{1}", count: 400),
        ])
    func cap(text: String) throws {
        let written = line { $0.subject = text }
        let member = try #require(written.range(of: "\"subject\":\""))
        let rest = written[member.upperBound...]
        let field = try #require(rest.range(of: "\","))
        #expect(rest[..<field.lowerBound].utf8.count <= 1024)
        let value = try #require(try object(written)["subject"] as? String)
        #expect(value.hasSuffix("…"))
        #expect(text.hasPrefix(value.dropLast()))
        let escaped = line { $0.intent = Array(String(repeating: #"\ud834\udd1e"#, count: 200).utf8)[...] }
        #expect((try object(escaped)["intent"] as? String)?.hasPrefix("𝄞𝄞") == true)
    }

    @Test("keeps a long list of shadow rules within the bound of one field")
    func shadowRules() throws {
        let written = line { $0.shadowRules = (0..<1000).map { "rule-\($0)" } }
        let rules = try #require(try object(written)["shadowRules"] as? [String])
        #expect(rules.first == "rule-0")
        #expect(rules.count > 50)
        #expect(written.utf8.count < 1300)
    }

    @Test("the longest possible record fits")
    func longest() throws {
        let text = String(repeating: "\u{1}", count: 2000)
        let bytes = Array(text.utf8)[...]
        let written = line { record in
            (record.requestId, record.traceId, record.intent, record.intentVersion) = (bytes, bytes, bytes, bytes)
            (record.subject, record.issuer, record.tenant, record.agent) = (text, text, text, text)
            (record.rule, record.reason, record.remoteAddress) = (text, text, text)
            (record.principal, record.identitySource, record.peerFault) = (text, text, text)
            (record.authorization, record.dryRun) = (text, text)
            (record.shadowRules, record.auditedPolicies) = (
                Array(repeating: text, count: 50), Array(repeating: text, count: 50)
            )
            (record.action, record.target, record.detail) = (text, text, text)
            record.isLimitDegraded = true
            (record.latencyNanoseconds, record.status, record.attempts) = (.max, .min, .max)
        }
        #expect(try object(written).count == 28)
        #expect(written.utf8.count > 20 * 1024 && written.utf8.count < 31 * 1024)
    }

    @Test("keeps the order of records and the date of each")
    func order() throws {
        let writer = CollectingWriter()
        let sink = sink(writer)
        for index in 0..<2000 {
            var record = AuditRecord()
            record.timeNanoseconds = Self.time + Int64(index) * 700_000_000
            record.attempts = index
            sink.append(record)
        }
        sink.flush()
        let objects = try writer.lines.map { try object($0) }
        #expect(objects.compactMap { $0["attempts"] as? Int } == Array(0..<2000))
        for (index, object) in objects.enumerated() where index % 97 == 0 {
            let time = Timestamp.text(unixNanoseconds: Self.time + Int64(index) * 700_000_000)
            #expect(object["time"] as? String == time)
        }
    }
}
