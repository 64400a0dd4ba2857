/// How a worker has to show who it is.
package enum UpstreamSecurity: Sendable, Hashable {
    /// It need not: plain HTTP.
    case none
    /// By a certificate for the host that is called.
    case hostName
    /// By a certificate that names this service, whatever the host is called: `cluster.local/ns/default/sa/worker`.
    case principal(String)
}
