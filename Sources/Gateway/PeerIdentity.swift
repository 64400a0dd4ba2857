/// Who is at the other end of the connection, before any token is looked at.
///
/// Only the first stage can make one.
package struct PeerIdentity: Sendable {
    /// `203.0.113.7:51334`.
    package let address: String

    init(_ arrival: borrowing Arrival) {
        address = arrival.remoteAddress
    }
}
