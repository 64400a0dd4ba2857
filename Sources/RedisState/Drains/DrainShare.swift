import Routing

/// Where the nodes of a cluster keep what operators have drained.
protocol DrainShare: Sendable {
    /// Sets a mark for a time, or takes it off, and tells the other nodes.
    ///
    /// - Parameter milliseconds: how long it holds; nil takes it off.
    /// - Returns: whether there was room.
    func change(_ mark: DrainMarks.Mark, forMilliseconds milliseconds: Int64?) async -> Result<Bool, RedisFailure>

    /// All marks, each with the milliseconds that it holds yet.
    func marks() async -> Result<[DrainMarks.Mark: Int64], RedisFailure>

    /// Notices of changes, until the reader goes.
    func notices() -> AsyncStream<ShareNotice>
}
