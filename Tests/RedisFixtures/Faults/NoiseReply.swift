/// What a noise server does after a command.
package enum NoiseReply: Sendable {
    case bytes([UInt8])
    /// Stays silent, and the connection open.
    case nothing
    /// Sends the bytes and closes.
    case last([UInt8])
    case close

    package static func text(_ text: String) -> NoiseReply { .bytes(Array(text.utf8)) }
    package static func error(_ line: String) -> NoiseReply { .text("-\(line)\r\n") }

    package static let ok = text("+OK\r\n")
    package static let pong = text("+PONG\r\n")
    package static let loading = error("LOADING Redis is loading the dataset in memory")
    package static let readOnly = error("READONLY You can't write against a read only replica.")
    package static let outOfMemory = error("OOM command not allowed when used memory > 'maxmemory'.")
    package static let busy = error("BUSY Redis is busy running a script.")
    package static let noAuth = error("NOAUTH Authentication required.")
    package static let wrongPassword = error("WRONGPASS invalid username-password pair or user is disabled.")
    package static let clusterDown = error("CLUSTERDOWN The cluster is down")
    package static let tryAgain = error("TRYAGAIN Multiple keys request during rehashing of slot")
    package static let masterDown = error(
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")
    package static let noScript = error("NOSCRIPT No matching script.")

    package static func moved(slot: Int, port: Int) -> NoiseReply { error("MOVED \(slot) 127.0.0.1:\(port)") }
    package static func ask(slot: Int, port: Int) -> NoiseReply { error("ASK \(slot) 127.0.0.1:\(port)") }

    /// A reply whose end never comes; the connection stays.
    package static let half = text("$100\r\nonly the beg")
    /// A reply whose end never comes, and the connection goes.
    package static let brokenOff = last(Array("*2\r\n$3\r\nabc\r\n$1".utf8))

    /// Bytes that are no reply: the first is none of the kinds of RESP.
    /// - Parameter seed: chooses them.
    package static func rubbish(seed: UInt64, count: Int = 64) -> NoiseReply {
        var state = seed
        return .bytes(
            [0x7f]
                + (1..<max(count, 1)).map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8(truncatingIfNeeded: state >> 56)
                })
    }
}
