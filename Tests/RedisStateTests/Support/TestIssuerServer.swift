import Identity
import Synchronization

/// An issuer whose key set the test sets, and which counts who asks.
final class TestIssuerServer: KeySetSource {
    private struct State {
        var bytes = TestIssuerServer.keySet(kid: "first")
        var error: KeySetError?
        var count = 0
    }

    private let delayMilliseconds: Int64
    private let state = Mutex(State())

    init(delayMilliseconds: Int64 = 0) { self.delayMilliseconds = delayMilliseconds }

    /// The Ed25519 key of RFC 8037 appendix A.2 under a key id.
    static func keySet(kid: String) -> [UInt8] {
        Array(
            #"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"\#(kid)","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#
                .utf8)
    }

    var count: Int { state.withLock { $0.count } }
    func serve(kid: String) { state.withLock { ($0.bytes, $0.error) = (Self.keySet(kid: kid), nil) } }
    func serve(_ text: String) { state.withLock { $0.bytes = Array(text.utf8) } }
    func fail(_ error: KeySetError?) { state.withLock { $0.error = error } }

    func fetch(_ reason: KeySetFetchReason) async throws(KeySetError) -> FetchedKeySet {
        if delayMilliseconds > 0 { try? await Task.sleep(for: .milliseconds(delayMilliseconds)) }
        let (bytes, error) = state.withLock { state in
            state.count += 1
            return (state.bytes, state.error)
        }
        if let error { throw error }
        return FetchedKeySet(bytes: bytes, freshForSeconds: 300)
    }
}
