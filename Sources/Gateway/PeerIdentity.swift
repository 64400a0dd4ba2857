import Authorization
import IntentProtocol

/// Who is at the other end of the connection, before any token is looked at.
///
/// Only the first stage can make one.
package struct PeerIdentity: Sendable {
    /// `203.0.113.7:51334`.
    package let address: String
    /// The service at the other end, where it proved who it is.
    let principal: PeerPrincipal?
    /// The client behind trusted proxies; the TCP peer where none is trusted.
    let clientAddress: NetworkAddress?

    init(_ arrival: borrowing Arrival) {
        address = arrival.connection.remoteAddress
        principal = nil
        clientAddress = arrival.connection.sourceAddress
    }
}
