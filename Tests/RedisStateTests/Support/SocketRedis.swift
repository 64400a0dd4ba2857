import Dispatch
import Foundation
import Synchronization

@testable import RedisState

/// The smallest client that speaks to a real Redis: one blocking socket, one command at a time, on a queue of its own.
final class SocketRedis: RedisCommands {
    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    let port: Int
    private let socket: Mutex<Int32>
    private let queue = DispatchQueue(label: "test redis")

    init(port: Int) throws {
        self.port = port
        socket = Mutex(try Self.connected(port))
    }

    deinit { _ = socket.withLock { close($0) } }

    static func connected(_ port: Int) throws -> Int32 {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var timeout = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw Failure("no connection to port \(port)")
        }
        return descriptor
    }

    func send(_ command: RedisCommand) async -> Result<RedisValue, RedisFailure> {
        await withCheckedContinuation { continuation in
            queue.async {
                do {
                    let value = try self.roundTrip(bytes: command.words)
                    if case .error(let error) = value {
                        return continuation.resume(returning: .failure(.refused(error)))
                    }
                    continuation.resume(returning: .success(value))
                } catch {
                    continuation.resume(returning: .failure(.notConnected("\(error)")))
                }
            }
        }
    }

    func run(
        _ script: RedisScript, keys: [[UInt8]], arguments: [[UInt8]], timeoutMilliseconds: Int64?
    ) async -> Result<RedisValue, RedisFailure> {
        let rest = [Array("\(keys.count)".utf8)] + keys + arguments
        let first = await send(RedisCommand([Array("EVALSHA".utf8), script.digest] + rest))
        guard case .failure(.refused(let error)) = first, error.kind == "NOSCRIPT" else { return first }
        return await send(RedisCommand([Array("EVAL".utf8), Array(script.text.utf8)] + rest))
    }

    @discardableResult
    func roundTrip(_ words: [String]) throws -> RedisValue {
        try roundTrip(bytes: words.map { Array($0.utf8) })
    }

    private func roundTrip(bytes words: [[UInt8]]) throws -> RedisValue {
        return try socket.withLock { descriptor in
            do {
                try RESP.write(words, to: descriptor)
                var reader = RESP(descriptor)
                return try reader.value()
            } catch {
                // One more connection, for the next command.
                close(descriptor)
                descriptor = (try? Self.connected(port)) ?? -1
                throw error
            }
        }
    }
}

/// The protocol over a blocking socket.
struct RESP {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var place = 0

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    static func write(_ words: [[UInt8]], to descriptor: Int32) throws {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words { bytes += Array("$\(word.count)\r\n".utf8) + word + Array("\r\n".utf8) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw SocketRedis.Failure("nothing could be sent") }
            sent += count
        }
    }

    mutating func value() throws -> RedisValue {
        let line = try line()
        let rest = String(decoding: line.dropFirst(), as: UTF8.self)
        switch line.first {
        case UInt8(ascii: "+"): return .status(rest)
        case UInt8(ascii: "-"): return .error(RedisServerError(line: rest))
        case UInt8(ascii: ":"): return .integer(Int64(rest) ?? 0)
        case UInt8(ascii: "$"):
            let count = Int(rest) ?? -1
            guard count >= 0 else { return .null }
            let bytes = try take(count)
            _ = try take(2)
            return .bytes(bytes)
        case UInt8(ascii: "*"):
            let count = Int(rest) ?? -1
            guard count >= 0 else { return .null }
            var values: [RedisValue] = []
            for _ in 0..<count { values.append(try value()) }
            return .array(values)
        default: throw SocketRedis.Failure("no RESP")
        }
    }

    /// Whether bytes were read that no value has used.
    var hasMore: Bool { place < buffer.count }

    private mutating func line() throws -> [UInt8] {
        var start = place
        while true {
            if let end = buffer[start...].firstIndex(of: 13), end + 1 < buffer.count {
                defer { place = end + 2 }
                return Array(buffer[place..<end])
            }
            start = max(place, buffer.count - 1)
            try fill()
        }
    }

    private mutating func take(_ count: Int) throws -> [UInt8] {
        while buffer.count - place < count { try fill() }
        defer { place += count }
        return Array(buffer[place..<(place + count)])
    }

    private mutating func fill() throws {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { throw SocketRedis.Failure("the connection ended or is silent") }
        buffer += chunk[..<count]
    }
}
