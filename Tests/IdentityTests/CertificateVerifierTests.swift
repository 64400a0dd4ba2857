import Foundation
import IntentProtocol
import Testing

@testable import Identity

/// Certificates made by Python's `cryptography`, which shares no code with this gateway.
@Suite("Certificates of peers")
struct CertificateVerifierTests {
    private static let now: Int64 = 1_700_000_000
    private static let made = Result { try make() }

    private static func make() throws -> [String: [[UInt8]]] {
        let python = ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? "python3"
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [python, "-c", PythonAuthority.program, "\(now)"]
        process.standardOutput = output
        try process.run()
        let document = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(python) could not make certificates with cryptography")
        return try JSONDecoder().decode([String: [Data]].self, from: document).mapValues { $0.map { [UInt8]($0) } }
    }

    private func chain(_ title: String) throws -> [[UInt8]] { try #require(try Self.made.get()[title], "\(title)") }

    private func verifier() throws -> CertificateVerifier {
        let domains = try TrustDomainTable(
            Peers.domain("cluster.local"), aliases: [Peers.domain("old.local")],
            federated: [Peers.domain("partner.example")])
        return try CertificateVerifier(
            domains,
            bundles: [
                Peers.domain("cluster.local"): chain("bundle:cluster.local"),
                Peers.domain("partner.example"): chain("bundle:partner.example"),
            ])
    }

    private func refusal(
        _ title: String, as purpose: CertificatePurpose = .client, at now: Int64 = now
    ) throws -> CertificateRefusal? {
        let (verifier, chain) = (try verifier(), try chain(title))
        do throws(CertificateRefusal) {
            _ = try verifier.verify(chain, as: purpose, nowSeconds: now)
            return nil
        } catch { return error }
    }

    @Test(
        "a chain to the right bundle is believed",
        arguments: [
            ("direct", "cluster.local/ns/default/sa/front"),
            ("through the middle", "cluster.local/ns/default/sa/front"),
            ("with the root", "cluster.local/ns/default/sa/front"),
            ("other names", "cluster.local/ns/default/sa/front"),
            ("without purposes", "cluster.local/ns/default/sa/front"),
            ("without basic constraints", "cluster.local/ns/default/sa/front"),
            ("alias", "cluster.local/ns/default/sa/front"), ("partner", "partner.example/ns/a/sa/b"),
        ])
    func believed(title: String, principal: String) throws {
        for purpose in [CertificatePurpose.client, .server] {
            let verified = try verifier().verify(chain(title), as: purpose, nowSeconds: Self.now)
            #expect(verified.identity.principal == principal)
            #expect(verified.identity.source == .mtls)
            #expect(verified.notAfterSeconds == Self.now + 3_600)
        }
    }

    @Test(
        "whatever breaks a rule is refused by that rule",
        arguments: [
            ("two URIs", CertificateRefusal.severalURIs(2)), ("no URI", .noURI), ("no names at all", .noURI),
            ("only a trust domain", .namesNoService), ("line end", .badID(.pathCharacter)),
            ("zero byte", .badID(.pathCharacter)), ("authority as leaf", .isAuthority), ("may sign", .maySign),
            ("expired", .expired), ("not yet", .notYetValid), ("expired middle", .expired),
            ("too many others", .chainTooLong),
        ])
    func refused(title: String, refusal: CertificateRefusal) throws {
        #expect(try self.refusal(title) == refusal)
    }

    @Test(
        "a chain that leads elsewhere is refused",
        arguments: [
            "partner's name by us", "our name by the partner", "stranger", "self-signed", "without the middle",
            "signed by a leaf", "weak key", "server only",
        ])
    func untrusted(title: String) throws {
        guard case .untrustedChain(let problem)? = try refusal(title) else {
            Issue.record("\(title): \(String(describing: try refusal(title)))")
            return
        }
        #expect(!problem.isEmpty)
    }

    @Test("an ID of a trust domain that is not configured is refused before its chain is followed")
    func unknownTrustDomain() throws {
        #expect(try refusal("unknown trust domain") == .unknownTrustDomain(try Peers.domain("elsewhere")))
    }

    @Test("a certificate is for the side that shows it")
    func purposes() throws {
        #expect(try refusal("server only", as: .server) == nil)
        #expect(try refusal("client only", as: .client) == nil)
        guard case .untrustedChain? = try refusal("client only", as: .server) else {
            Issue.record("a client's certificate was taken of a server")
            return
        }
    }

    @Test("the time counts to the second, and that of the authority too (S32)")
    func time() throws {
        #expect(try refusal("direct", at: Self.now + 3_599) == nil)
        #expect(try refusal("direct", at: Self.now + 3_600) == .expired)
        #expect(try refusal("direct", at: Self.now - 3_600) == nil)
        #expect(try refusal("direct", at: Self.now - 3_601) == .notYetValid)
    }

    @Test("a chain that was good once is good until it ends, for the same purpose, and not before it was")
    func remembered() throws {
        let verifier = try verifier()
        func refusal(_ chain: [[UInt8]], as purpose: CertificatePurpose, at now: Int64) -> CertificateRefusal? {
            do throws(CertificateRefusal) {
                _ = try verifier.verify(chain, as: purpose, nowSeconds: now)
                return nil
            } catch { return error }
        }
        let direct = try chain("direct")
        for _ in 0..<2 {
            #expect(refusal(direct, as: .client, at: Self.now) == nil)
            #expect(refusal(direct, as: .client, at: Self.now + 3_599) == nil)
            #expect(refusal(direct, as: .client, at: Self.now + 3_600) == .expired)
            #expect(refusal(direct, as: .client, at: Self.now - 3_601) == .notYetValid)
        }
        let clientOnly = try chain("client only")
        #expect(refusal(clientOnly, as: .client, at: Self.now) == nil)
        #expect(refusal(clientOnly, as: .server, at: Self.now) != nil)
        // One byte of it changed is another chain.
        var forged = direct
        forged[0][forged[0].count - 1] ^= 1
        #expect(refusal(forged, as: .client, at: Self.now) != nil)
    }

    @Test("no more is remembered than stated, and refusals are not")
    func memory() {
        let memory = Remembered<Int, Int>(entriesMax: 4)
        for key in 0..<100 { memory.remember(key, for: key) }
        #expect(memory.count <= 4)
        #expect(memory.value(99) == 99)
    }

    @Test("a server must be the service that was called, under an alias too")
    func expected() throws {
        let verifier = try verifier()
        let front = try SPIFFEID("spiffe://cluster.local/ns/default/sa/front")
        let other = try SPIFFEID("spiffe://cluster.local/ns/default/sa/fron")
        for title in ["direct", "alias"] {
            let verified = try verifier.verify(chain(title), of: front, nowSeconds: Self.now)
            #expect(verified.identity.principal == front.principal)
            let chain = try chain(title)
            #expect(throws: CertificateRefusal.otherService(expected: other)) {
                try verifier.verify(chain, of: other, nowSeconds: Self.now)
            }
        }
    }

    @Test("what a certificate says of itself is read as it is")
    func facts() throws {
        let facts = try CertificateReader.facts(der: chain("other names")[0])
        #expect(facts.uris == [Array("spiffe://cluster.local/ns/default/sa/front".utf8)])
        #expect(facts.dnsNames == ["a.example", "b.example"].map { Array($0.utf8) })
        #expect(facts.subject == #"CN=front\, \"x\""#)
        #expect(facts.notBeforeSeconds == Self.now - 3_600)
        #expect(facts.notAfterSeconds == Self.now + 3_600)
        #expect(!facts.isAuthority)
        #expect(facts.keyUsage == .digitalSignature)
        #expect(facts.fingerprint.count == 32)
        #expect(try CertificateReader.facts(der: chain("direct")[0]).subject == "")
        #expect(try CertificateReader.facts(der: chain("zero byte")[0]).uris[0].contains(0))
        #expect(try CertificateReader.facts(der: chain("bundle:cluster.local")[0]).isAuthority)
    }

    @Test("bytes that are not one certificate are refused")
    func unreadable() throws {
        let verifier = try verifier()
        let der = try chain("direct")[0]
        let inputs = [[], [0x30], Array(der.dropLast()), der + [0], der + der, [UInt8](repeating: 0x30, count: 16_385)]
        for input in inputs {
            #expect(throws: CertificateRefusal.unreadable) {
                try verifier.verify([input], as: .client, nowSeconds: Self.now)
            }
            #expect(throws: CertificateRefusal.unreadable) {
                try verifier.verify([der, input], as: .client, nowSeconds: Self.now)
            }
        }
        #expect(throws: CertificateRefusal.missing) { try verifier.verify([], as: .client, nowSeconds: Self.now) }
    }

    @Test("5,000 certificates with changed bytes: none is believed")
    func mutated() throws {
        let verifier = try verifier()
        let der = try chain("direct")[0]
        var random = SplitMix64(seed: 1_613)
        for _ in 0..<5_000 {
            var changed = der
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<changed.count, using: &random)
                changed[place] ^= UInt8.random(in: 1...255, using: &random)
            }
            guard changed != der else { continue }
            #expect(throws: CertificateRefusal.self) {
                try verifier.verify([changed], as: .client, nowSeconds: Self.now)
            }
        }
    }

    @Test("a bundle may hold an authority between; what is of no use in it is refused")
    func bundles() throws {
        let domain = try Peers.domain("cluster.local")
        func verifier(_ bundles: [TrustDomain: [[UInt8]]]) throws(TrustBundleFault) -> CertificateVerifier {
            try CertificateVerifier(TrustDomainTable(domain), bundles: bundles)
        }
        let middle = try verifier([domain: chain("bundle:middle")])
        #expect(
            try middle.verify(chain("without the middle"), as: .client, nowSeconds: Self.now).identity.source == .mtls)
        let direct = try chain("direct")
        #expect(throws: CertificateRefusal.self) { try middle.verify(direct, as: .client, nowSeconds: Self.now) }
        let root = try chain("bundle:cluster.local")
        for (bundles, problem) in [
            ([:], "is missing"), ([domain: []], "holds no certificate"),
            ([domain: root, try Peers.domain("other"): root], "neither ours nor federated"),
            ([domain: root + [[0x30]]], "cannot be read, number 2"), ([domain: direct], "no authority's"),
            ([domain: Array(repeating: root[0], count: 65)], "more than 64"),
        ] as [([TrustDomain: [[UInt8]]], String)] {
            let fault = #expect(throws: TrustBundleFault.self) { try verifier(bundles) }
            #expect(fault?.problem.contains(problem) == true, "\(String(describing: fault))")
        }
    }

    @Test("many threads may verify at once")
    func threads() async throws {
        let verifier = try verifier()
        let chain = try chain("through the middle")
        let believed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<50).count { _ in
                        (try? verifier.verify(chain, as: .client, nowSeconds: Self.now)) != nil
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(believed == 400)
    }
}
