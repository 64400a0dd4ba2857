import Foundation
import Synchronization
import Testing

@testable import IntentusClient

/// Whom tokens name, and what a client remembers of them.
@Suite("Names of tokens")
struct SealedNamesTests {
    private func sealing(_ change: (inout EnvelopeSealing) -> Void = { _ in }) throws -> EnvelopeSealing {
        let path = try SealingFixture.ringFile()
        defer { try? FileManager.default.removeItem(atPath: path) }
        var sealing = EnvelopeSealing(keys: try EnvelopeKeys(file: path))
        change(&sealing)
        return sealing
    }

    private func texts(_ names: SealedNames) -> [String] {
        [String(decoding: names.caller, as: UTF8.self), String(decoding: names.tenant, as: UTF8.self)]
    }

    @Test(
        "a claim of the tenant is found as a gateway finds it: by dots, and a URL as one name",
        arguments: [
            ("tenant", #"{"sub":"a","tenant":"acme"}"#, "acme"),
            ("org.tenant", #"{"sub":"a","org":{"tenant":"acme"},"tenant":"no"}"#, "acme"),
            ("https://example.com/tenant", #"{"sub":"a","https://example.com/tenant":"acme"}"#, "acme"),
            ("tenant", #"{"sub":"a","tenant":7}"#, ""), ("org..tenant", #"{"sub":"a","org":{"tenant":"no"}}"#, ""),
            ("tenant", #"{"sub":"a","tenant":"gr\u00fcn \"x\""}"#, #"grün "x""#),
        ])
    func tenant(_ claim: String, _ claims: String, _ expected: String) throws {
        let names = SealedNames(try sealing { $0.tenantClaim = claim }, token: SealingFixture.token(claims))
        #expect(texts(names) == ["user:a", expected])
    }

    @Test(
        "what is no token of claims names nobody",
        arguments: [
            nil, "", "opaque", "e30..c2ln", "e30.!!!.c2ln", "e30.bm8.c2ln", "a.b", "e30.e30.e30.e30", "e30.W10.x",
        ])
    func nobody(_ token: String?) throws {
        #expect(texts(SealedNames(try sealing(), token: token)) == ["", ""])
    }

    @Test("what was told stands, whatever the token says")
    func told() throws {
        let token = SealingFixture.token(subject: "alice", tenant: "acme")
        let service = try sealing { $0.caller = "service:gateway" }
        #expect(texts(SealedNames(service, token: token)) == ["service:gateway", "acme"])
        let both = try sealing { ($0.caller, $0.tenant) = ("service:gateway", "") }
        #expect(texts(SealedNames(both, token: token)) == ["service:gateway", ""])
    }

    @Test("a token is worked out once, and another one never has its names")
    func once() throws {
        let (recent, sealing) = (RecentNames(), try sealing())
        var workedOut = 0
        func names(_ subject: String) -> [String] {
            let token = SealingFixture.token(subject: subject, tenant: "t-\(subject)")
            return texts(
                recent.names(of: token) {
                    workedOut += 1
                    return SealedNames(sealing, token: token)
                })
        }
        for _ in 0..<3 {
            for subject in ["alice", "bob"] { #expect(names(subject) == ["user:\(subject)", "t-\(subject)"]) }
        }
        #expect(workedOut == 2)
    }

    @Test("as many tokens as may be are known, the oldest leaves first, and long names are not kept")
    func bounded() throws {
        let (recent, sealing) = (RecentNames(), try sealing())
        func names(_ subject: String) -> (texts: [String], isNew: Bool) {
            let token = SealingFixture.token(subject: subject, tenant: "")
            var isNew = false
            let names = recent.names(of: token) {
                isNew = true
                return SealedNames(sealing, token: token)
            }
            return (texts(names), isNew)
        }
        let most = RecentNames.entriesMax
        for round in 0..<2 {
            for number in 0..<(most + 10) { #expect(names("u\(number)").texts == ["user:u\(number)", ""], "\(round)") }
            #expect(recent.count == most)
        }
        #expect(!names("u\(most + 9)").isNew && !names("u10").isNew)
        #expect(names("u9").isNew && names("u10").isNew && !names("u9").isNew)
        let long = String(repeating: "x", count: RecentNames.bytesMax)
        for _ in 0..<2 {
            let found = names(long)
            #expect(found.isNew && found.texts == ["user:\(long)", ""])
        }
        #expect(recent.count == most)
    }

    @Test("many threads at once get the names of their own tokens")
    func threads() async throws {
        let (recent, sealing) = (RecentNames(), try sealing())
        let mixed = await withTaskGroup(of: Int.self) { group in
            for first in 0..<4 {
                group.addTask {
                    (0..<2_000).count { number in
                        let subject = "u\((number * (first + 1)) % 300)"
                        let token = SealingFixture.token(subject: subject, tenant: "")
                        let names = recent.names(of: token) { SealedNames(sealing, token: token) }
                        return Array(names.caller) != Array("user:\(subject)".utf8)
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(mixed == 0)
        #expect(recent.count == RecentNames.entriesMax)
    }
}
