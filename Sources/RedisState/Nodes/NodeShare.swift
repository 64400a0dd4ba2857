/// Where nodes tell one another that they are there.
package protocol NodeShare: Sendable {
    /// Says that a node is there for the time to come, and asks who is.
    ///
    /// - Returns: all that are there, this one included.
    func announce(_ record: NodeRecord, timeToLiveMilliseconds: Int64) async -> Result<[NodeRecord], RedisFailure>

    /// Says that a node is gone.
    func remove(id: String) async -> Result<Void, RedisFailure>
}
