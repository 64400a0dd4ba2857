import Foundation
import Gateway
import Synchronization
import Testing

@testable import Observability

@Suite("Audit file")
struct FileAuditWriterTests {
    private final class ManualClock: Sendable {
        private let nanoseconds = Atomic<Int64>(0)
        var now: Int64 { nanoseconds.load(ordering: .relaxed) }
        func advance(milliseconds: Int64) { nanoseconds.wrappingAdd(milliseconds * 1_000_000, ordering: .relaxed) }

        var clocks: FileAuditWriter.Clocks {
            var clocks = FileAuditWriter.Clocks()
            clocks.monotonicNanoseconds = { self.now }
            // Far from the dates of the files of this test.
            clocks.unixNanoseconds = { 4_000_000_000_000_000_000 + self.now }
            return clocks
        }
    }

    private struct Folder: ~Copyable {
        let url = FileManager.default.temporaryDirectory.appending(path: "audit-\(UUID().uuidString)")
        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }
        func path(_ name: String) -> String { url.appending(path: name).path }
        func text(_ name: String) -> String? { try? String(contentsOfFile: path(name), encoding: .utf8) }
        func mode(_ name: String) throws -> Int {
            let facts = try FileManager.default.attributesOfItem(atPath: path(name))
            return try #require(facts[.posixPermissions] as? NSNumber).intValue
        }
        func move(_ name: String, _ other: String) throws {
            try FileManager.default.moveItem(atPath: path(name), toPath: path(other))
        }
    }

    private func write(_ text: String, _ writer: FileAuditWriter) -> Int {
        _ = writer.prepare(bytes: text.utf8.count)
        return Array(text.utf8).withUnsafeBytes { writer.write($0).bytes }
    }

    @Test("appends to what is there, in a file that nobody else can read")
    func append() throws {
        let folder = try Folder()
        try "before\n".write(toFile: folder.path("audit.jsonl"), atomically: true, encoding: .utf8)
        let writer = try FileAuditWriter(path: folder.path("audit.jsonl"))
        #expect(write("after\n", writer) == 6)
        #expect(folder.text("audit.jsonl") == "before\nafter\n")
        let fresh = try FileAuditWriter(path: folder.path("fresh.jsonl"))
        #expect(write("x\n", fresh) == 2)
        #expect(try folder.mode("fresh.jsonl") == 0o600)
    }

    @Test("opens the file anew when it was moved away, at most once a second or when it is asked to")
    func moved() throws {
        let folder = try Folder()
        let clock = ManualClock()
        let writer = try FileAuditWriter(path: folder.path("audit.jsonl"), clocks: clock.clocks)
        _ = write("1\n", writer)
        try folder.move("audit.jsonl", "audit.1")
        clock.advance(milliseconds: 999)
        _ = write("2\n", writer)
        #expect(folder.text("audit.jsonl") == nil)
        clock.advance(milliseconds: 1)
        #expect(writer.prepare(bytes: 2) == .new)
        _ = write("3\n", writer)
        #expect(folder.text("audit.1") == "1\n2\n")
        #expect(folder.text("audit.jsonl") == "3\n")
        try folder.move("audit.jsonl", "audit.2")
        writer.reopen()
        #expect(writer.prepare(bytes: 2) == .new)
        _ = write("4\n", writer)
        #expect(folder.text("audit.jsonl") == "4\n")
    }

    @Test("moves long files away and keeps so many of them")
    func bySize() throws {
        let folder = try Folder()
        var rotation = FileAuditWriter.Rotation()
        rotation.bytesMax = 10
        rotation.keep = 2
        let writer = try FileAuditWriter(path: folder.path("a"), rotation: rotation)
        for text in ["1234\n", "5678\n", "abcd\n", "long long long\n", "efgh\n", "x\n", "ijkl\n"] {
            _ = write(text, writer)
        }
        #expect(folder.text("a") == "ijkl\n")
        #expect(folder.text("a.1") == "efgh\nx\n")
        #expect(folder.text("a.2") == "long long long\n")
        #expect(folder.text("a.3") == nil)
        #expect(try folder.mode("a") == 0o600)
    }

    @Test("begins a new file when a period is over, after a restart too")
    func byAge() throws {
        let folder = try Folder()
        let clock = ManualClock()
        var rotation = FileAuditWriter.Rotation()
        rotation.periodSeconds = 100
        rotation.keep = 9
        let writer = try FileAuditWriter(path: folder.path("a"), rotation: rotation, clocks: clock.clocks)
        _ = write("1\n", writer)
        clock.advance(milliseconds: 99_000)
        _ = write("2\n", writer)
        clock.advance(milliseconds: 1_000)
        _ = write("3\n", writer)
        #expect(folder.text("a.1") == "1\n2\n")
        writer.finish()
        // What is there is older than the clock of this test.
        let next = try FileAuditWriter(path: folder.path("a"), rotation: rotation, clocks: clock.clocks)
        _ = write("4\n", next)
        #expect(folder.text("a") == "4\n")
        #expect(folder.text("a.1") == "3\n")
    }

    @Test("goes on in the old file while the new one cannot be opened, and tells why")
    func newFileFails() throws {
        let folder = try Folder()
        let clock = ManualClock()
        let writer = try FileAuditWriter(path: folder.path("audit.jsonl"), clocks: clock.clocks)
        _ = write("1\n", writer)
        try folder.move("audit.jsonl", "audit.1")
        try FileManager.default.createDirectory(atPath: folder.path("audit.jsonl"), withIntermediateDirectories: false)
        clock.advance(milliseconds: 1000)
        #expect(write("2\n", writer) == 2)
        #expect(folder.text("audit.1") == "1\n2\n")
        #expect(writer.trouble?.description.contains("audit.jsonl cannot be opened: Is a directory") == true)
        try FileManager.default.removeItem(atPath: folder.path("audit.jsonl"))
        clock.advance(milliseconds: 1000)
        #expect(write("3\n", writer) == 2)
        #expect(folder.text("audit.jsonl") == "3\n")
        #expect(writer.trouble == nil)
    }

    @Test("does not follow a symbolic link, whether it was there or takes the file's place")
    func links() throws {
        let folder = try Folder()
        let clock = ManualClock()
        try "other\n".write(toFile: folder.path("other"), atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link"), withDestinationPath: folder.path("other"))
        let linked = try FileAuditWriter(path: folder.path("link"), clocks: clock.clocks)
        #expect(linked.trouble?.description.hasSuffix("is a symbolic link: name the file itself") == true)
        #expect(write("x\n", linked) == 0)
        let writer = try FileAuditWriter(path: folder.path("audit"), clocks: clock.clocks)
        _ = write("1\n", writer)
        try folder.move("audit", "audit.old")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("audit"), withDestinationPath: folder.path("other"))
        clock.advance(milliseconds: 1000)
        _ = write("2\n", writer)
        #expect(folder.text("other") == "other\n")
        #expect(folder.text("audit.old") == "1\n2\n")
    }

    @Test("refuses files that others may write to, that are no files, and that another log has")
    func refused() throws {
        let folder = try Folder()
        for (name, mode) in [("group", 0o620), ("world", 0o602)] {
            _ = FileManager.default.createFile(atPath: folder.path(name), contents: nil)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path(name))
            let writer = try FileAuditWriter(path: folder.path(name))
            #expect(writer.trouble?.description.hasSuffix("can be written by others: chmod go-w it") == true)
        }
        #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
        let pipe = try FileAuditWriter(path: folder.path("pipe"))
        #expect(pipe.trouble?.description.contains("is no regular file") == true)
        let first = try FileAuditWriter(path: folder.path("audit"))
        let second = try FileAuditWriter(path: folder.path("audit"))
        #expect(first.trouble == nil)
        #expect(second.trouble?.description.contains("is another process's") == true)
        let error = #expect(throws: AuditFault.self) { try FileAuditWriter(path: "/nonexistent-folder/audit.jsonl") }
        #expect(
            error?.description
                == "the folder /nonexistent-folder of the audit file cannot be opened: No such file or directory")
    }

    @Test("a restart finds the last record, in the file or in the one that was moved away before it could begin")
    func past() async throws {
        let folder = try Folder()
        let log = await ChainFixture(isClosed: false)
        try (log.text + "torn").write(toFile: folder.path("a"), atomically: true, encoding: .utf8)
        let writer = try FileAuditWriter(path: folder.path("a"))
        let link = try #require(writer.past())
        #expect((link.sequence, link.tornBytes, link.isClosed) == (6, 5, false))
        #expect(folder.text("a") == log.text + "torn\n")
        try log.text.write(toFile: folder.path("b.1"), atomically: true, encoding: .utf8)
        #expect(try FileAuditWriter(path: folder.path("b")).past()?.sequence == 6)
        #expect(try FileAuditWriter(path: folder.path("c")).past() == nil)
    }

    @Test("the log of two processes, cut and moved, is one chain behind the other")
    func wholeLog() async throws {
        let folder = try Folder()
        var rotation = FileAuditWriter.Rotation()
        rotation.bytesMax = 2_000
        rotation.keep = 50
        for run in 1...2 {
            var owner = JSONLinesAuditSink.Owner()
            owner.key = try #require(ChainFixture.key)
            let writer = try FileAuditWriter(path: folder.path("a"), rotation: rotation)
            let sink = JSONLinesAuditSink(writer: writer, owner: owner, flushing: .manual)
            for number in 0..<20 {
                var record = AuditRecord()
                record.attempts = number
                sink.append(record)
                #expect(sink.flush())
            }
            if run == 2 { #expect(await sink.close(withinMilliseconds: 1000)) }
            writer.finish()
        }
        var texts: [String] = []
        for name in ["a"] + (1...50).map({ "a.\($0)" }) { folder.text(name).map { texts.append($0) } }
        #expect(texts.count > 4)
        var verifier = AuditVerifier(keys: [ChainFixture.key].compactMap { $0 })
        for (number, text) in texts.enumerated() {
            var piece = Array(text.utf8)
            verifier.read("\(number)") {
                defer { piece = [] }
                return piece
            }
        }
        let result = verifier.finish(mayBeOpen: false)
        #expect(result.isWhole, "\(result.findings)")
        #expect(result.chains.map(\.end) == [.continued, .closed])
    }

    @Test("the outputs of the configuration")
    func outputs() throws {
        let folder = try Folder()
        #expect(try AuditOutput.none.writer() == nil)
        #expect(try AuditOutput.standardOutput.writer() is DescriptorAuditWriter)
        let syslog = AuditOutput.syslog(.unix(path: folder.path("no")), facility: 10, node: "n")
        #expect(try syslog.writer() is SyslogAuditWriter)
        let writer = try #require(try AuditOutput.file(path: folder.path("a"), .init()).writer())
        let sink = JSONLinesAuditSink(writer: writer, flushing: .manual)
        sink.append(AuditRecord())
        #expect(sink.flush())
        #expect(folder.text("a")?.contains(#","time":"1970-01-01T00:00:00.000000Z","event":"request""#) == true)
        NoAuditSink().append(AuditRecord())
        #expect(NoAuditSink().admitsRequest())
        let closed = DescriptorAuditWriter(descriptor: -1, name: "a closed descriptor")
        let writing = Array("x".utf8).withUnsafeBytes { closed.write($0) }
        #expect(writing.bytes == 0)
        #expect(writing.fault?.description == "a closed descriptor takes no records: Bad file descriptor")
    }
}
