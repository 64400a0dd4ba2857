import Gateway
import Identity

/// The refreshers of all issuers, in the order of the verifier's policies, behind the gateway's port.
struct IssuerKeyRefreshers: KeyRefreshing {
    let refreshers: [KeySetRefresher]

    func refreshKeys(issuer: Int, waitingMilliseconds: Int64) async {
        await refreshers[issuer].awaitKeys(waitingMilliseconds: waitingMilliseconds)
    }
}
