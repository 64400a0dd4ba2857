import Glibc

/// The calls on sockets of 127.0.0.1 that the fixtures share; none is inherited by a started process.
enum LocalSocket {
    /// A TCP socket that waits for nothing after small writes.
    static func open(nonBlocking: Bool = false) throws -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, nonBlocking ? type | Int32(SOCK_NONBLOCK.rawValue) : type, 0)
        guard descriptor >= 0 else { throw failure("socket") }
        set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
        return descriptor
    }

    /// A listening socket.
    static func listening(on port: Int, nonBlocking: Bool = false) throws -> Int32 {
        let descriptor = try open(nonBlocking: nonBlocking)
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, Int32(1))
        guard withAddress(port, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 512) == 0 else {
            defer { close(descriptor) }
            throw failure("listen on port \(port)")
        }
        return descriptor
    }

    /// A connection; with `nonBlocking` it may still be under way.
    static func connected(to port: Int, nonBlocking: Bool = false) throws -> Int32 {
        let descriptor = try open(nonBlocking: nonBlocking)
        let result = withAddress(port) { connect(descriptor, $0, $1) }
        guard result == 0 || (nonBlocking && errno == EINPROGRESS) else {
            defer { close(descriptor) }
            throw failure("connect to port \(port)")
        }
        return descriptor
    }

    /// The next waiting connection, or nil.
    static func accepted(from listener: Int32, nonBlocking: Bool = false) -> Int32? {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        if nonBlocking { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
        return descriptor
    }

    /// Closes with a reset, so that the other side sees a fault and not an end.
    static func reset(_ descriptor: Int32) {
        set(descriptor, SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
        close(descriptor)
    }

    static func set<Value: BitwiseCopyable>(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Value) {
        var value = value
        setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Value>.size))
    }

    static func withAddress<R>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Sends all of it on a blocking socket; false when the other side is gone.
    static func sendAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// What `recv` gave: bytes, the end, or nothing now.
    enum Received {
        case bytes([UInt8])
        case end
        case nothing
    }

    static func receive(from descriptor: Int32, atMost limit: Int = 1 << 16) -> Received {
        while true {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
                count = recv(descriptor, buffer.baseAddress, limit, 0)
                initialized = max(count, 0)
            }
            if count > 0 { return .bytes(bytes) }
            if count == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            default: return .end
            }
        }
    }

    static func failure(_ call: String) -> FixtureError {
        FixtureError("\(call) on 127.0.0.1: \(String(cString: strerror(errno)))")
    }
}
