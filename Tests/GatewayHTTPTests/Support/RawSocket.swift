import Foundation
import Glibc

/// A blocking TCP connection that sends bytes as they are: what an HTTP library would never let a test send.
final class RawSocket: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    let descriptor: Int32

    /// Takes over a connection that was accepted.
    init(accepted descriptor: Int32) {
        self.descriptor = descriptor
        configure(timeoutMilliseconds: 10_000)
    }

    /// - Parameters:
    ///   - source: the loopback address to call from.
    ///   - receiveBufferBytes: a small one makes a reader that is slow from the start.
    init(
        port: Int, from source: String? = nil, timeoutMilliseconds: Int = 10_000, receiveBufferBytes: Int32? = nil
    ) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var bytes = receiveBufferBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        let descriptor = descriptor
        if let source {
            Self.withLoopback(source, port: 0) { _ = bind(descriptor, $0, $1) }
        }
        let result = Self.withLoopback(port: port) { connect(descriptor, $0, $1) }
        configure(timeoutMilliseconds: timeoutMilliseconds)
        guard result == 0 else { throw Failure(description: "connect to \(port): errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// Hands out an IPv4 address as the kernel reads it.
    ///
    /// Put together by hand: the members of `sockaddr_in` are seen through whichever module the compiler met first.
    static func withLoopback<R>(
        _ host: String = "127.0.0.1", port: Int, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        var bytes: [UInt8] = [UInt8(AF_INET), 0, UInt8(port >> 8), UInt8(port & 0xFF)]
        bytes += host.split(separator: ".").compactMap { UInt8($0) }
        bytes += Array(repeating: 0, count: 8)
        return bytes.withUnsafeMutableBytes { buffer in
            buffer.withMemoryRebound(to: sockaddr.self) { addresses in
                guard let address = addresses.baseAddress else { fatalError("sixteen bytes have an address") }
                return body(address, socklen_t(16))
            }
        }
    }

    /// The port that a descriptor is bound to.
    static func port(of descriptor: Int32) -> Int {
        withLoopback(port: 0) { address, length in
            var length = length
            _ = getsockname(descriptor, address, &length)
            let bytes = UnsafeRawPointer(address)
            return Int(bytes.load(fromByteOffset: 2, as: UInt8.self)) << 8
                | Int(bytes.load(fromByteOffset: 3, as: UInt8.self))
        }
    }

    private func configure(timeoutMilliseconds: Int) {
        var timeout = timeval(tv_sec: timeoutMilliseconds / 1000, tv_usec: timeoutMilliseconds % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        guard trySend(bytes) == bytes.count else { throw Failure(description: "send: errno \(errno)") }
    }

    /// Sends what the peer takes; how many bytes that were.
    @discardableResult
    func trySend(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    /// What came next; empty when the peer ended or reset the connection.
    func read(max: Int = 65_536) throws -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: max)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0, errno == ECONNRESET { return [] }
        guard count >= 0 else { throw Failure(description: "recv: errno \(errno)") }
        return Array(chunk.prefix(count))
    }

    /// Everything until the peer ends the connection.
    func readToEnd() throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let more = try read()
            guard !more.isEmpty else { return all }
            all += more
        }
    }

    /// Waits for the peer's end; false when bytes came instead, an error when neither came in time.
    func isClosedByPeer() throws -> Bool { try read().isEmpty }

    /// Ends the sending side.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends both sides; the descriptor itself is closed with the object.
    func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Makes the end of this object a reset instead of an orderly end.
    func resetAtEnd() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }
}
