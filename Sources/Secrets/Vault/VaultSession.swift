import IntentProtocol
import Synchronization

/// The token by which Vault is asked: had by the login that is configured, renewed before its lease ends, had anew when it is
/// gone.
final class VaultSession: Sendable {
    private let exchange: VaultExchange
    private let local: LocalSecrets
    private let around: SecretSurroundings
    private let state = Mutex(VaultTokenState())
    private let flight = SingleFlight<SecretBytes>()
    /// What trouble was told last; an outage is tried through every few seconds, and told once.
    private let told = Mutex<String?>(nil)

    init(_ exchange: VaultExchange, local: LocalSecrets) {
        self.exchange = exchange
        self.local = local
        around = local.around
    }

    /// A token that is good now.
    func token() async throws(SourceFault) -> SecretBytes {
        if case .use(let token) = action { return token }
        return try await flight.run { await self.attend() }.get()
    }

    /// Forgets a token that Vault refused.
    ///
    /// - Returns: whether asking again with another one makes sense.
    func refused(_ token: SecretBytes) async -> Bool {
        let wasHeld = state.withLock { $0.refused(token) }
        guard wasHeld, !exchange.settings.login.makesTokens else { return true }
        // Whoever made the token may have written another into its place.
        return (try? readToken()) != token
    }

    /// Renews before the lease ends, until cancelled: a token that nobody asks for stays good.
    func run() async {
        while !Task.isCancelled {
            let due = state.withLock { $0.dueAtNanoseconds }
            let wait = due.map { max($0 - around.nowNanoseconds(), 0) } ?? Self.idleNanoseconds
            // A token that is had meanwhile may be due earlier than an idle look.
            await around.sleep(min(wait, Self.idleNanoseconds))
            guard !Task.isCancelled, let due, around.nowNanoseconds() >= due else { continue }
            if case .failure = await flight.run({ await self.attend() }) {
                await around.sleep(VaultTokenState.retryNanoseconds)
            }
        }
    }

    private static let idleNanoseconds: Int64 = 1_000_000_000

    private var action: VaultTokenState.Action {
        let now = around.nowNanoseconds()
        return state.withLock { $0.action(nowNanoseconds: now) }
    }

    private func attend() async -> SingleFlight<SecretBytes>.Outcome {
        switch action {
        case .use(let token): return .success(token)
        case .renew(let token): return await renew(token)
        case .logIn: return await logIn()
        }
    }

    private func renew(_ token: SecretBytes) async -> SingleFlight<SecretBytes>.Outcome {
        let answer = await Result.of { () async throws(SourceFault) in
            let answer = try await exchange.send(
                .post, "auth/token/renew-self", token: token, body: .object(JSONObject()), to: "renewing the token")
            return try VaultExchange.lease(in: answer)
        }
        let now = around.nowNanoseconds()
        switch answer {
        case .success(let lease):
            let canLogIn = exchange.settings.login.makesTokens
            state.withLock { $0.renewed(lease, canLogIn: canLogIn, nowNanoseconds: now) }
            noteInForce(lease)
            if let token = state.withLock({ $0.usable(nowNanoseconds: now) }) { return .success(token) }
            return await logIn()
        case .failure(let fault) where fault.kind == .denied:
            // It is gone: revoked, or ended before its time.
            _ = state.withLock { $0.refused(token) }
            return await logIn()
        case .failure(let fault):
            noteTrouble(fault)
            state.withLock { $0.renewalFailed(nowNanoseconds: now) }
            return state.withLock { $0.usable(nowNanoseconds: now) }.map { .success($0) } ?? .failure(fault)
        }
    }

    private func logIn() async -> SingleFlight<SecretBytes>.Outcome {
        do throws(SourceFault) {
            let lease = try await newLease()
            let now = around.nowNanoseconds()
            state.withLock { $0.loggedIn(lease, nowNanoseconds: now) }
            noteInForce(lease)
            return .success(lease.token)
        } catch {
            noteTrouble(error)
            return .failure(error)
        }
    }

    private func noteInForce(_ lease: VaultTokenState.Lease) {
        told.withLock { $0 = nil }
        around.note(.vaultTokenInForce(seconds: lease.seconds))
    }

    private func noteTrouble(_ fault: SourceFault) {
        // How a connection fails may change from try to try; what Vault says does not, unless the trouble is another one.
        let trouble = fault.kind == .denied ? fault.problem : "\(fault.kind)"
        let isNew = told.withLock { told in
            defer { told = trouble }
            return told != trouble
        }
        if isNew { around.note(.vaultTokenTrouble(fault.problem)) }
    }

    private func newLease() async throws(SourceFault) -> VaultTokenState.Lease {
        switch exchange.settings.login {
        case .token: return try await lease(of: try readToken())
        case .appRole(let mount, let roleId, let secretId):
            return try await logIn(
                mount, ["role_id": .string(roleId), "secret_id": .string(try text(secretId, "the secret id"))])
        case .kubernetes(let mount, let role, let token):
            return try await logIn(
                mount, ["role": .string(role), "jwt": .string(try text(token, "the service account's token"))])
        }
    }

    private func logIn(_ mount: String, _ body: JSONValue) async throws(SourceFault) -> VaultTokenState.Lease {
        // A role or a secret id that Vault does not know is answered 400.
        let answer = try await exchange.send(
            .post, "auth/\(VaultExchange.path(mount))/login", token: nil, body: body, to: "the login at '\(mount)'",
            badRequest: .denied)
        return try VaultExchange.lease(in: answer)
    }

    /// How long a token is good that somebody else made.
    private func lease(of token: SecretBytes) async throws(SourceFault) -> VaultTokenState.Lease {
        let answer = try await exchange.send(.get, "auth/token/lookup-self", token: token, to: "looking up the token")
        guard let data = answer.objectValue?["data"]?.objectValue, let seconds = data["ttl"]?.intValue,
            (0...3_153_600_000).contains(seconds)
        else { throw SourceFault(.unusable, "Vault answered the look-up of the token without its ttl") }
        return VaultTokenState.Lease(
            token: token, seconds: seconds, isRenewable: data["renewable"]?.boolValue ?? false)
    }

    private func readToken() throws(SourceFault) -> SecretBytes {
        guard case .token(let reference) = exchange.settings.login else {
            throw SourceFault(.notConfigured, "there is no token to read")
        }
        return SecretBytes(Array(try text(reference, "the token").utf8))
    }

    private func text(_ reference: SecretReference, _ what: String) throws(SourceFault) -> String {
        do throws(SourceFault) {
            let text = try local.value(of: reference).value.text?.reveal() ?? ""
            let words = text.split(whereSeparator: \.isWhitespace)
            guard words.count == 1 else {
                throw SourceFault(.unusable, "it must be one word of UTF-8 text")
            }
            return String(words[0])
        } catch {
            throw SourceFault(
                error.kind == .missing ? .notConfigured : error.kind, "\(what) for Vault: \(error.problem)")
        }
    }
}
