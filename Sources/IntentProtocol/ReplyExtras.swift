/// What a gateway adds to the metadata of an answer on its way back.
public struct ReplyExtras: Sendable {
    /// `metadata.agent` when the worker did not say.
    public var agent: String?
    /// `metadata.timestamp` when the worker did not say.
    public var timestamp: String?
    /// Further members; they replace the worker's of the same name.
    public var members: JSONObject

    /// Makes extras; without any argument nothing is added.
    public init(agent: String? = nil, timestamp: String? = nil, members: JSONObject = [:]) {
        self.agent = agent
        self.timestamp = timestamp
        self.members = members
    }
}
