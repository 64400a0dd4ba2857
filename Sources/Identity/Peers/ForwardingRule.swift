/// What happens to a request whose X-Forwarded-Client-Cert comes from a peer that is no trusted proxy.
package enum ForwardingRule: String, Sendable, Hashable, CaseIterable {
    /// The request is refused: somebody forges, or a proxy is missing in the configuration, and both should be seen.
    case refuse
    /// The header counts as absent.
    case ignore
}
