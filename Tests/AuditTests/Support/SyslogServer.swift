import Foundation
import RedisFixtures
import Synchronization

/// A syslog server that keeps the lines of the messages it gets, by counted frames or by datagrams.
final class SyslogServer: Sendable {
    private struct State {
        var lines: [String] = []
        var faults: [String] = []
        var connections: [Int32] = []
        var isStopped = false
    }

    private let descriptor: Int32
    private let isStream: Bool
    private let state = Mutex(State())

    /// A stream with octet counting.
    convenience init(port: Int) throws { try self.init(SOCK_STREAM, port: port) }

    convenience init(datagramPort port: Int) throws { try self.init(SOCK_DGRAM, port: port) }

    private init(_ type: __socket_type, port: Int) throws {
        isStream = type == SOCK_STREAM
        descriptor = socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let descriptor = self.descriptor
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0, !isStream || listen(descriptor, 8) == 0 else { throw FixtureError("port \(port) is taken") }
        serve()
    }

    /// Datagrams of a Unix socket.
    init(path: String) throws {
        isStream = false
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = self.descriptor
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw FixtureError("no socket at \(path)") }
        serve()
    }

    var lines: [String] { state.withLock(\.lines) }
    var faults: [String] { state.withLock(\.faults) }

    func records(of event: String) -> Int { lines.count { $0.contains(#""event":"\#(event)""#) } }

    /// Records of requests.
    var requests: Int {
        lines.count { !$0.contains(#""event":"audit_"#) && !$0.contains(#""event":"auth_success""#) }
    }

    /// Ends it and its connections.
    func stop() {
        let connections = state.withLock { state -> [Int32] in
            guard !state.isStopped else { return [] }
            state.isStopped = true
            shutdown(descriptor, Int32(SHUT_RDWR))
            close(descriptor)
            return state.connections
        }
        for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }

    private func serve() {
        Thread.detachNewThread { [self] in
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            while !state.withLock(\.isStopped) {
                if isStream {
                    let connection = accept(descriptor, nil, nil)
                    guard connection >= 0 else { return }
                    state.withLock { $0.connections.append(connection) }
                    read(connection)
                } else {
                    // Woken up now and then, to see whether it is to end.
                    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                    guard poll(&entry, 1, 100) > 0 else { continue }
                    let count = recv(descriptor, &piece, piece.count, 0)
                    guard count > 0 else { return }
                    take(piece[..<count])
                }
            }
        }
    }

    private func read(_ connection: Int32) {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { break }
            bytes += piece[..<count]
            var place = 0
            while let space = bytes[place...].firstIndex(of: UInt8(ascii: " ")) {
                guard let length = Int(String(decoding: bytes[place..<space], as: UTF8.self)) else {
                    state.withLock { $0.faults.append("no count") }
                    close(connection)
                    return
                }
                guard bytes.count > space + length else { break }
                take(bytes[(space + 1)...(space + length)])
                place = space + length + 1
            }
            bytes.removeFirst(place)
        }
        close(connection)
    }

    /// Keeps the line of a message whose header is as RFC 5424 has it.
    private func take(_ bytes: ArraySlice<UInt8>) {
        let text = String(decoding: bytes, as: UTF8.self)
        let pattern =
            #/<(10[4-9]|11[01])>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z gw-1 intentusnet \d+ [a-z_]{1,32} - (\{"version":1,.*\})/#
        state.withLock { state in
            if let match = text.wholeMatch(of: pattern) {
                state.lines.append(String(match.2))
            } else {
                state.faults.append(text)
            }
        }
    }
}
