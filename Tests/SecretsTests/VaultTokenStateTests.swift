import IntentProtocol
import Testing

@testable import Secrets

@Suite("The lease of a Vault token")
struct VaultTokenStateTests {
    private let token = SecretBytes(Array("s.one".utf8))
    private let second: Int64 = 1_000_000_000

    private func lease(_ seconds: Int64, renewable: Bool = true) -> VaultTokenState.Lease {
        VaultTokenState.Lease(token: token, seconds: seconds, isRenewable: renewable)
    }

    @Test("is renewed at two thirds, and is over at its end")
    func times() {
        var state = VaultTokenState()
        #expect(state.action(nowNanoseconds: 0) == .logIn)
        state.loggedIn(lease(30), nowNanoseconds: 0)
        #expect(state.action(nowNanoseconds: 20 * second - 1) == .use(token))
        #expect(state.dueAtNanoseconds == 20 * second)
        #expect(state.action(nowNanoseconds: 20 * second) == .renew(token))
        state.renewalFailed(nowNanoseconds: 20 * second)
        #expect(state.action(nowNanoseconds: 24 * second) == .use(token))
        #expect(state.action(nowNanoseconds: 25 * second) == .renew(token))
        #expect(state.usable(nowNanoseconds: 30 * second - 1) == token)
        #expect(state.action(nowNanoseconds: 30 * second) == .logIn)
        #expect(state.usable(nowNanoseconds: 30 * second) == nil)
    }

    @Test("a token without an end, or that cannot be renewed, is left alone until its end")
    func endless() {
        var state = VaultTokenState()
        state.loggedIn(lease(0), nowNanoseconds: 0)
        #expect(state.action(nowNanoseconds: .max) == .use(token))
        #expect(state.dueAtNanoseconds == nil)
        state.loggedIn(lease(10, renewable: false), nowNanoseconds: 0)
        #expect(state.action(nowNanoseconds: 10 * second - 1) == .use(token))
        #expect(state.dueAtNanoseconds == 10 * second)
        #expect(state.action(nowNanoseconds: 10 * second) == .logIn)
    }

    @Test("a token that renewals give less and less is let go where another can be had")
    func lastDays() {
        var state = VaultTokenState()
        state.loggedIn(lease(30), nowNanoseconds: 0)
        state.renewed(lease(15), canLogIn: true, nowNanoseconds: 20 * second)
        #expect(state.action(nowNanoseconds: 21 * second) == .use(token))
        state.renewed(lease(14), canLogIn: true, nowNanoseconds: 30 * second)
        #expect(state.action(nowNanoseconds: 30 * second) == .logIn)
        state.loggedIn(lease(30), nowNanoseconds: 0)
        state.renewed(lease(14), canLogIn: false, nowNanoseconds: 20 * second)
        #expect(state.action(nowNanoseconds: 21 * second) == .use(token))
    }

    @Test("only the token that is held can be refused")
    func refused() {
        var state = VaultTokenState()
        state.loggedIn(lease(30), nowNanoseconds: 0)
        let another = state.refused(SecretBytes([1]))
        #expect(!another)
        #expect(state.action(nowNanoseconds: 0) == .use(token))
        let held = state.refused(token)
        #expect(held)
        #expect(state.action(nowNanoseconds: 0) == .logIn)
    }
}
