import Foundation
import Logging
import Observability
import Synchronization
import Testing

@Suite("Log lines")
struct LineLogHandlerTests {
    private final class Output: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
        func append(_ lines: UnsafeRawBufferPointer) {
            let copy = Array(lines)
            bytes.withLock { $0.append(contentsOf: copy) }
        }
    }

    private func logger(_ format: LogFormat, _ output: Output) -> Logger {
        Logger(label: "gateway") { label in
            LineLogHandler(
                label: label, level: LogLevel(.info), format: format, unixNanoseconds: { AuditSinkTests.time },
                write: { output.append($0) })
        }
    }

    @Test("writes one line of text for an event")
    func text() {
        let output = Output()
        var logger = logger(.text, output)
        logger[metadataKey: "node"] = "a"
        logger.debug("not written")
        logger.info("listening", metadata: ["port": "8080", "hosts": ["x", "y"]])
        #expect(
            output.text
                == "2026-03-14T15:09:26.535897Z info gateway: listening hosts=\"[\\\"x\\\", \\\"y\\\"]\" node=\"a\" port=\"8080\"\n"
        )
    }

    @Test("writes one JSON object for an event")
    func json() throws {
        let output = Output()
        let logger = logger(.json, output)
        logger.warning("reload refused", metadata: ["file": "policy.yaml"])
        logger.error("bare")
        #expect(
            output.text
                == #"{"time":"2026-03-14T15:09:26.535897Z","level":"warning","label":"gateway","#
                + #""message":"reload refused","metadata":{"file":"policy.yaml"}}"# + "\n"
                + #"{"time":"2026-03-14T15:09:26.535897Z","level":"error","label":"gateway","message":"bare"}"# + "\n")
    }

    @Test("S29 a value cannot forge an event", arguments: LogFormat.allCases)
    func forging(format: LogFormat) {
        let output = Output()
        let hostile = "x\r\n2026-03-14T15:09:26.535897Z info gateway: forged \u{1B}[2J \u{2028}"
        logger(format, output).info("\(hostile)", metadata: ["agent\n": "\(hostile)", "b": .array([.string(hostile)])])
        let text = output.text
        #expect(text.unicodeScalars.filter { $0 == "\n" }.count == 1)
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0 != "\u{2028}" })
    }
}
