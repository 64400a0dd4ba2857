import Foundation
import Gateway
import Observability
import Synchronization
import Testing

@Suite("Audit file")
struct FileAuditWriterTests {
    private final class ManualClock: Sendable {
        private let nanoseconds = Atomic<Int64>(0)
        var now: Int64 { nanoseconds.load(ordering: .relaxed) }
        func advance(milliseconds: Int64) { nanoseconds.wrappingAdd(milliseconds * 1_000_000, ordering: .relaxed) }
    }

    private struct Folder: ~Copyable {
        let url = FileManager.default.temporaryDirectory.appending(path: "audit-\(UUID().uuidString)")
        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }
        func path(_ name: String) -> String { url.appending(path: name).path }
        func text(_ name: String) -> String? { try? String(contentsOfFile: path(name), encoding: .utf8) }
    }

    private func write(_ text: String, _ writer: FileAuditWriter) -> Int {
        Array(text.utf8).withUnsafeBytes { writer.write($0) }
    }

    @Test("appends to what is there, in a file that others cannot read")
    func append() throws {
        let folder = try Folder()
        try "before\n".write(toFile: folder.path("audit.jsonl"), atomically: true, encoding: .utf8)
        let writer = try FileAuditWriter(path: folder.path("audit.jsonl"))
        #expect(write("after\n", writer) == 6)
        #expect(folder.text("audit.jsonl") == "before\nafter\n")
        let fresh = try FileAuditWriter(path: folder.path("fresh.jsonl"))
        #expect(write("x\n", fresh) == 2)
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path("fresh.jsonl"))[.posixPermissions]
        #expect(try #require(mode as? NSNumber).intValue & 0o137 == 0)
    }

    @Test("opens the file anew when the path was rotated, at most once a second")
    func rotation() throws {
        let folder = try Folder()
        let clock = ManualClock()
        let writer = try FileAuditWriter(path: folder.path("audit.jsonl")) { clock.now }
        _ = write("1\n", writer)
        try FileManager.default.moveItem(atPath: folder.path("audit.jsonl"), toPath: folder.path("audit.1"))
        clock.advance(milliseconds: 999)
        _ = write("2\n", writer)
        #expect(folder.text("audit.jsonl") == nil)
        clock.advance(milliseconds: 1)
        _ = write("3\n", writer)
        #expect(folder.text("audit.1") == "1\n2\n")
        #expect(folder.text("audit.jsonl") == "3\n")
        clock.advance(milliseconds: 5000)
        _ = write("4\n", writer)
        #expect(folder.text("audit.jsonl") == "3\n4\n")
    }

    @Test("ends a line in the file in which it began")
    func rotationInsideLine() throws {
        let folder = try Folder()
        let clock = ManualClock()
        let writer = try FileAuditWriter(path: folder.path("audit.jsonl")) { clock.now }
        _ = write("first half ", writer)
        try FileManager.default.moveItem(atPath: folder.path("audit.jsonl"), toPath: folder.path("audit.1"))
        clock.advance(milliseconds: 2000)
        _ = write("second half\n", writer)
        _ = write("next\n", writer)
        #expect(folder.text("audit.1") == "first half second half\n")
        #expect(folder.text("audit.jsonl") == "next\n")
    }

    @Test("keeps the old file while the new one cannot be opened")
    func rotationFails() throws {
        let folder = try Folder()
        let clock = ManualClock()
        let writer = try FileAuditWriter(path: folder.path("audit.jsonl")) { clock.now }
        _ = write("1\n", writer)
        try FileManager.default.moveItem(atPath: folder.path("audit.jsonl"), toPath: folder.path("audit.1"))
        try FileManager.default.createDirectory(atPath: folder.path("audit.jsonl"), withIntermediateDirectories: false)
        clock.advance(milliseconds: 1000)
        #expect(write("2\n", writer) == 2)
        #expect(folder.text("audit.1") == "1\n2\n")
    }

    @Test("names the file that it cannot open")
    func openError() {
        let error = #expect(throws: FileAuditWriter.OpenError.self) {
            try FileAuditWriter(path: "/nonexistent-folder/audit.jsonl")
        }
        #expect(error?.path == "/nonexistent-folder/audit.jsonl")
        #expect(error?.description.hasSuffix("/nonexistent-folder/audit.jsonl: No such file or directory") == true)
    }

    @Test("the outputs of the configuration")
    func outputs() throws {
        let folder = try Folder()
        #expect(try AuditOutput.none.writer() == nil)
        #expect(try AuditOutput.standardOutput.writer() is DescriptorAuditWriter)
        let writer = try #require(try AuditOutput.file(path: folder.path("a")).writer())
        let sink = JSONLinesAuditSink(writer: writer, flushing: .manual)
        sink.append(AuditRecord())
        #expect(sink.flush())
        #expect(folder.text("a")?.hasPrefix(#"{"time":"1970-01-01T00:00:00.000000Z","event":"request""#) == true)
        NoAuditSink().append(AuditRecord())
        let closed = DescriptorAuditWriter(descriptor: -1)
        #expect(Array("x".utf8).withUnsafeBytes { closed.write($0) } == 0)
    }
}
