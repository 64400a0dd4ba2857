import Foundation
import Gateway
import Synchronization
import Testing

@testable import Observability

@Suite("Audit log to syslog")
struct SyslogAuditWriterTests {
    /// A socket that a test listens on.
    private final class Listener {
        let descriptor: Int32
        let port: Int
        let path: String

        init(_ type: __socket_type) throws {
            descriptor = socket(AF_INET, Int32(type.rawValue), 0)
            path = ""
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let descriptor = self.descriptor
            let result = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(descriptor, address, length) + getsockname(descriptor, address, &length)
                }
            }
            try #require(result == 0)
            port = Int(UInt16(bigEndian: address.sin_port))
            if type == SOCK_STREAM { try #require(listen(descriptor, 8) == 0) }
            Self.bound(descriptor)
        }

        init(path: String, _ type: __socket_type) throws {
            descriptor = socket(AF_UNIX, Int32(type.rawValue), 0)
            (self.path, port) = (path, 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let descriptor = self.descriptor
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(result == 0)
            if type == SOCK_STREAM { try #require(listen(descriptor, 8) == 0) }
            Self.bound(descriptor)
        }

        deinit {
            close(descriptor)
            if !path.isEmpty { unlink(path) }
        }

        private static func bound(_ descriptor: Int32) {
            var time = timeval(tv_sec: 10, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        }

        func datagram() -> String {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            return String(decoding: bytes[..<max(0, recv(descriptor, &bytes, bytes.count, 0))], as: UTF8.self)
        }
    }

    private func sink(_ address: SyslogAddress, mode: JSONLinesAuditSink.Mode = .block) -> JSONLinesAuditSink {
        var owner = JSONLinesAuditSink.Owner()
        owner.node = "gw-1"
        owner.mode = mode
        let clock = Atomic<Int64>(0)
        // Each look is a second later, so that no retry has to be waited for.
        let writer = SyslogAuditWriter(address, facility: 10, node: "gw-1") {
            clock.wrappingAdd(6_000_000_000, ordering: .relaxed).newValue
        }
        return JSONLinesAuditSink(writer: writer, owner: owner, flushing: .manual)
    }

    private func record(_ event: AuditRecord.Event, _ number: Int = 0) -> AuditRecord {
        var record = AuditRecord(event, unixNanoseconds: AuditSinkTests.time)
        record.attempts = number
        record.subject = "grüße"
        return record
    }

    @Test("a datagram holds one message with the header of RFC 5424", arguments: [false, true])
    func datagrams(isUnix: Bool) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString.prefix(8))").path
        let listener = isUnix ? try Listener(path: path, SOCK_DGRAM) : try Listener(SOCK_DGRAM)
        let sink = sink(isUnix ? .unix(path: path) : .udp(host: "127.0.0.1", port: listener.port))
        sink.append(record(.policyDeny))
        sink.append(record(.request))
        #expect(sink.flush())
        #expect(listener.datagram().contains(" audit_start - {\"version\":1,"))
        let warning = listener.datagram()
        let head = "<84>1 2026-03-14T15:09:26.535897Z gw-1 intentusnet \(getpid()) policy_deny - "
        #expect(warning.hasPrefix(head + "{\"version\":1,\"node\":\"gw-1\","), "\(warning)")
        #expect(warning.hasSuffix("\"}") && warning.contains("grüße"))
        #expect(listener.datagram().hasPrefix("<86>1 "))
    }

    @Test("a stream gets counted messages; a connection that breaks is made anew, and the log says what it follows")
    func stream() throws {
        let listener = try Listener(SOCK_STREAM)
        let sink = sink(.tcp(host: "127.0.0.1", port: listener.port))
        sink.append(record(.request, 1))
        #expect(sink.flush())
        let first = accept(listener.descriptor, nil, nil)
        let messages = try Self.messages(first, count: 2)
        #expect(messages[1].contains("\"attempts\":1"))
        close(first)
        sink.append(record(.request, 2))
        #expect(sink.flush())
        let second = accept(listener.descriptor, nil, nil)
        defer { close(second) }
        let more = try Self.messages(second, count: 2)
        #expect(more[0].contains("\"event\":\"audit_continue\""))
        #expect(more[1].contains("\"attempts\":2"))
        let lines = (messages + more).map { $0[($0.firstIndex(of: "{") ?? $0.startIndex)...] + "\n" }.joined()
        #expect(AuditVerifier.verify(lines, keys: [], mayBeOpen: true).isWhole)
    }

    @Test("while the server is away requests are refused, and it is told why")
    func away() throws {
        let port = try Listener(SOCK_STREAM).port
        let sink = sink(.tcp(host: "127.0.0.1", port: port))
        sink.append(record(.request))
        #expect(!sink.flush())
        #expect(sink.trouble()?.description == "syslog at tcp://127.0.0.1:\(port): Connection refused")
        #expect(!sink.admitsRequest())
        let missing = self.sink(.unix(path: "/nonexistent/log"))
        #expect(!missing.flush())
        #expect(missing.trouble()?.description == "syslog at unix:/nonexistent/log: No such file or directory")
    }

    @Test("a server that reads nothing is not waited for by anybody, and gets every message whole when it reads again")
    func stalled() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString.prefix(8))").path
        let listener = try Listener(path: path, SOCK_STREAM)
        let sink = sink(.unix(path: path), mode: .drop)
        #expect(sink.flush())
        let connection = accept(listener.descriptor, nil, nil)
        defer { close(connection) }
        let count = 4_000
        for number in 0..<count { sink.append(record(.request, number)) }
        #expect(!sink.flush())
        #expect(sink.trouble()?.description.hasSuffix("takes no records") == true)
        let received = Mutex<[String]>([])
        let reading = Thread { received.withLock { $0 = (try? Self.messages(connection, count: count + 1)) ?? [] } }
        reading.start()
        var rounds = 0
        while !sink.flush(), rounds < 100 { rounds += 1 }
        while !reading.isFinished { usleep(10_000) }
        let messages = received.withLock { $0 }
        #expect(messages.count == count + 1)
        let lines = messages.map { $0[($0.firstIndex(of: "{") ?? $0.startIndex)...] + "\n" }.joined()
        #expect(AuditVerifier.verify(lines, keys: [], mayBeOpen: true).isWhole)
    }

    /// So many messages of a stream, by their counts.
    private static func messages(_ descriptor: Int32, count: Int) throws -> [String] {
        var time = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var bytes: [UInt8] = []
        var found: [String] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        var place = 0
        while found.count < count {
            if let space = bytes[place...].firstIndex(of: UInt8(ascii: " ")),
                let length = Int(String(decoding: bytes[place..<space], as: UTF8.self)), bytes.count > space + length
            {
                found.append(String(decoding: bytes[(space + 1)...(space + length)], as: UTF8.self))
                place = space + length + 1
                continue
            }
            let read = recv(descriptor, &piece, piece.count, 0)
            guard read > 0 else { break }
            bytes += piece[..<read]
        }
        return found
    }
}
