/// Where the nodes of a cluster keep a number that goes up.
protocol GenerationShare: Sendable {
    /// Counts one more and tells the other nodes.
    func advance() async -> Result<Int64, RedisFailure>

    /// The number; 0 before the first.
    func read() async -> Result<Int64, RedisFailure>

    /// Notices of changes, until the reader goes.
    func notices() -> AsyncStream<ShareNotice>
}
