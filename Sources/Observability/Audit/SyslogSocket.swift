import Glibc

/// A connected socket of a syslog server; its calls wait for a bounded time.
final class SyslogSocket: Sendable {
    /// What became of a message.
    enum Sent {
        case all
        /// So many bytes, for now: the server does not read.
        case part(Int, AuditFault)
        /// The connection is over.
        case lost(AuditFault)
    }

    private static let waitMilliseconds = 2_000

    private let descriptor: Int32
    private let isStream: Bool
    private let name: String
    /// Whether each message is preceded by its length: a stream has no other ends.
    var countsOctets: Bool { isStream }

    init(_ address: SyslogAddress) throws(AuditFault) {
        name = "syslog at \(address)"
        switch address {
        case .unix(let path): (descriptor, isStream) = try Self.unix(path, name)
        case .udp(let host, let port): (descriptor, isStream) = (try Self.internet(host, port, SOCK_DGRAM, name), false)
        case .tcp(let host, let port): (descriptor, isStream) = (try Self.internet(host, port, SOCK_STREAM, name), true)
        }
    }

    deinit { close(descriptor) }

    /// Why the connection is over, where that is known without sending: the server has closed it, or refused a datagram.
    func fault() -> AuditFault? {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0, code == 0 else {
            return AuditFault(name, code: code)
        }
        guard isStream else { return nil }
        var byte: UInt8 = 0
        while true {
            let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
            // A server has nothing to say; what it says is read away.
            if count > 0 { continue }
            if count == 0 { return AuditFault("\(name) has closed the connection") }
            return errno == EAGAIN || errno == EINTR ? nil : AuditFault(name, code: errno)
        }
    }

    func send(_ message: UnsafeRawBufferPointer) -> Sent {
        var done = 0
        while done < message.count {
            let rest = UnsafeRawBufferPointer(rebasing: message[done...])
            let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                done += count
                continue
            }
            let code = errno
            if code == EINTR { continue }
            guard code == EAGAIN || code == ENOBUFS else { return .lost(AuditFault(name, code: code)) }
            guard Self.wait(descriptor, Int16(POLLOUT)) else {
                return .part(done, AuditFault("\(name) takes no records"))
            }
        }
        return .all
    }

    private static func unix(_ path: String, _ name: String) throws(AuditFault) -> (Int32, Bool) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw AuditFault("\(name): the path of a socket has at most 107 bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        var code: Int32 = 0
        for type in [SOCK_DGRAM, SOCK_STREAM] {
            let descriptor = try open(AF_UNIX, type, name)
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { return (descriptor, type == SOCK_STREAM) }
            code = errno
            close(descriptor)
            // The socket is of the other type.
            guard code == EPROTOTYPE else { break }
        }
        throw AuditFault(name, code: code)
    }

    private static func internet(
        _ host: String, _ port: Int, _ type: __socket_type, _ name: String
    ) throws(AuditFault) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(type.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, "\(port)", &hints, &found)
        guard result == 0 else { throw AuditFault("\(name): \(String(cString: gai_strerror(result)))") }
        defer { freeaddrinfo(found) }
        var fault = AuditFault("\(name): no address")
        var next = found
        while let candidate = next?.pointee {
            next = candidate.ai_next
            let descriptor = try open(candidate.ai_family, type, name)
            if let problem = connected(descriptor, candidate) {
                fault = AuditFault(name, code: problem)
                close(descriptor)
            } else {
                return descriptor
            }
        }
        throw fault
    }

    /// Connects within the bounded time.
    ///
    /// - Returns: the error number of the failure; nil for none.
    private static func connected(_ descriptor: Int32, _ candidate: addrinfo) -> Int32? {
        guard connect(descriptor, candidate.ai_addr, candidate.ai_addrlen) != 0 else { return nil }
        guard errno == EINPROGRESS else { return errno }
        guard wait(descriptor, Int16(POLLOUT)) else { return ETIMEDOUT }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        return code == 0 ? nil : code
    }

    private static func open(_ family: Int32, _ type: __socket_type, _ name: String) throws(AuditFault) -> Int32 {
        let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, Int32(type.rawValue) | flags, 0)
        guard descriptor >= 0 else { throw AuditFault(name, code: errno) }
        return descriptor
    }

    private static func wait(_ descriptor: Int32, _ events: Int16) -> Bool {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        return poll(&entry, 1, Int32(waitMilliseconds)) > 0
    }
}
