/// Why a command has no reply: a named outcome, never a surprise.
package enum RedisFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no connection; nothing was sent.
    case notConnected(String)
    /// More commands wait than may; nothing was sent.
    case overloaded
    /// No reply in time; the command may have been executed.
    case timedOut
    /// The connection ended before the reply; the command may have been executed.
    case connectionLost
    /// Redis refused the command.
    case refused(RedisServerError)
    /// What came is not what the command answers.
    case unexpectedReply(String)

    package var description: String {
        switch self {
        case .notConnected(let reason): "not connected: \(reason)"
        case .overloaded: "too many commands wait for Redis"
        case .timedOut: "no reply in time"
        case .connectionLost: "the connection was lost"
        case .refused(let error): "refused: \(error)"
        case .unexpectedReply(let what): "unexpected reply: \(what)"
        }
    }
}
