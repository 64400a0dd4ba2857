import Crypto
import Synchronization
import Testing

@testable import Encryption

/// A libcrypto that fails is not told as a message that was forged.
@Suite("libcrypto without memory, or without AES-256-GCM")
struct CipherUnavailableTests {
    /// A libcrypto that gives contexts until it is told to fail.
    private final class Library: Sendable {
        private let isFailing = Atomic(false)

        func fail() { isFailing.store(true, ordering: .relaxed) }

        func key(_ profile: EMCLProfile) throws -> RingKey {
            let bytes = try #require(KeyBytes([UInt8](repeating: 7, count: 32)))
            return RingKey(id: "2026-01-a", bytes: bytes, profile: profile) { key in
                self.isFailing.load(ordering: .relaxed) ? nil : CipherContext(key)
            }
        }
    }

    private var rules: EMCLRules {
        var rules = EMCLRules()
        rules.profiles = [.v1, .v2]
        return rules
    }

    @Test("keys that cannot seal make no ring, and the remedy is named", arguments: EMCLProfile.allCases)
    func start(profile: EMCLProfile) throws {
        let library = Library()
        let key = try library.key(profile)
        library.fail()
        do throws(KeyRing.Fault) {
            _ = try KeyRing([key])
            Issue.record("a ring without a cipher")
        } catch {
            #expect(error == .cipherUnavailable)
            #expect(error.description.contains("OPENSSL_CONF"))
        }
    }

    @Test("a message that cannot be looked at is nobody's forgery, whether its key is known or not")
    func bound() throws {
        let sealed = try Fixture.frame(try KeyRing([Fixture.key()]).sealed(Fixture.request).frame)
        let forged = try Fixture.frame(try KeyRing([Fixture.key(byte: 9)]).sealed(Fixture.request).frame)
        let library = Library()
        let ring = try KeyRing([library.key(.v2)])
        #expect(ring.refusal(forged) == .wrongTag)
        library.fail()
        #expect(ring.refusal(sealed) == .cipherUnavailable)
        #expect(ring.refusal(forged) == .cipherUnavailable)
        #expect(throws: EMCLFailure(.cipherUnavailable)) { try ring.sealed(Fixture.request) }
        #expect(EMCLFailure(.cipherUnavailable).isOurs)
    }

    @Test("nor is one of profile v1, which tries each key")
    func python() throws {
        let peer = try KeyRing([Fixture.key(profile: .v1)])
        let sealed = try Fixture.frame(try peer.sealed(Fixture.request, profile: .v1).frame)
        let library = Library()
        let key = try library.key(.v1)
        let ring = try KeyRing([key])
        #expect(ring.refusal(sealed, rules: rules) == nil)
        library.fail()
        // The context that waits is still good: as long as it is lent, there is no other.
        _ = key.cipher.withContext { _ in
            #expect(ring.refusal(sealed, rules: rules) == .cipherUnavailable)
            #expect(throws: EMCLFailure(.cipherUnavailable)) { try ring.sealed(Fixture.request, profile: .v1) }
        }
        #expect(ring.refusal(sealed, rules: rules) == nil)
    }
}
