/// What may be read over the admin API.
package enum AdminRead: Sendable, Hashable {
    /// All that the console shows, in one answer.
    case overview
    case nodes
    case agents
    /// The limits that were asked most lately.
    case limits
    /// One bucket, by the name of the limit and the values of its key.
    case bucket(limit: String, key: [String])
    /// Of issuers and for envelopes.
    case keys
    /// What is in force, without secrets.
    case configuration
    case logLevel
}
