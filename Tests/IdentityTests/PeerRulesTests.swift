import IntentProtocol
import Testing

@testable import Identity

@Suite("Peers behind proxies")
struct PeerRulesTests {
    private static let header = value("Hash=1;URI=spiffe://cluster.local/ns/web/sa/front")

    private func rules(_ proxies: [String], untrusted: ForwardingRule = .refuse) throws -> PeerRules {
        let domains = try Peers.domains()
        return PeerRules(domains, proxies: try TrustedProxies(proxies, domains), untrusted: untrusted)
    }

    @Test("without the header a connection is who its certificate says")
    func noHeader() throws {
        let rules = try rules(["loopback"])
        let identity = try Peers.identity("spiffe://cluster.local/ns/a/sa/b")
        let plain = rules.connection(address: try Peers.address("127.0.0.1"), identity: nil)
        let secured = rules.connection(address: try Peers.address("10.0.0.1"), identity: identity)
        #expect(try rules.peer(on: plain, forwarded: []) == nil)
        #expect(try rules.peer(on: secured, forwarded: []) == identity)
    }

    @Test(
        "the header of a trusted proxy is believed",
        arguments: [
            ("loopback", "127.0.0.1"), ("loopback", "127.255.3.4"), ("loopback", "::1"),
            ("loopback", "::ffff:127.0.0.1"),
            ("10.1.0.0/16", "10.1.2.3"), ("10.1.2.3", "::ffff:10.1.2.3"), ("fd00::/8", "fd12::1"),
        ])
    func trusted(entry: String, address: String) throws {
        let rules = try rules([entry])
        let connection = rules.connection(address: try Peers.address(address), identity: nil)
        let peer = try rules.peer(on: connection, forwarded: [Self.header])
        #expect(peer?.principal == "cluster.local/ns/web/sa/front")
        #expect(peer?.source == .xfcc)
    }

    @Test(
        "of anybody else it is refused, private addresses included (S11)",
        arguments: [
            ("loopback", "10.0.0.1"), ("loopback", "128.0.0.1"), ("loopback", "::2"), ("10.1.0.0/16", "10.2.0.1"),
            ("10.1.0.0/16", "127.0.0.1"), ("fd00::/8", "10.1.2.3"), ("fd00::/8", "fe80::1"),
        ])
    func untrusted(entry: String, address: String) throws {
        let rules = try rules([entry])
        let connection = rules.connection(address: try Peers.address(address), identity: nil)
        #expect(throws: PeerRefusal.untrustedForwarding) { try rules.peer(on: connection, forwarded: [Self.header]) }
        let ignoring = try self.rules([entry], untrusted: .ignore)
        #expect(try ignoring.peer(on: connection, forwarded: [Self.header]) == nil)
    }

    @Test("a service by its certificate or a trusted proxy's word; not a balancer that hands on what anybody has sent")
    func services() throws {
        let domains = try Peers.domains()
        let balancer = try Peers.identity("spiffe://cluster.local/ns/ingress/sa/balancer")
        let rules = PeerRules(
            domains, proxies: try TrustedProxies(["loopback", "spiffe://cluster.local/ns/istio/sa/ingress"], domains),
            addresses: ForwardedAddressRules(
                trustedHops: 1, proxies: try TrustedProxies(["spiffe://cluster.local/ns/ingress/sa/balancer"], domains))
        )
        func isService(
            _ address: String, _ identity: ServiceIdentity?, _ forwarded: ArraySlice<UInt8>...
        ) throws -> Bool {
            let connection = rules.connection(address: try Peers.address(address), identity: identity)
            return rules.isService(on: connection, forwarded: forwarded)
        }
        #expect(try isService("10.0.0.1", try Peers.identity("spiffe://cluster.local/ns/a/sa/b")))
        #expect(try isService("127.0.0.1", nil, Self.header))
        #expect(try !isService("10.0.0.1", nil) && !isService("127.0.0.1", nil))
        #expect(try !isService("10.0.0.1", nil, Self.header), "a header of somebody who is no proxy")
        #expect(try !isService("127.0.0.1", nil, value("Hash=1")), "a proxy that names nobody")
        #expect(try !isService("127.0.0.1", nil, Self.header, Self.header))
        #expect(try !isService("10.0.0.1", balancer), "a balancer, for whoever calls it")
        let ingress = try Peers.identity("spiffe://cluster.local/ns/istio/sa/ingress")
        #expect(try isService("10.0.0.1", ingress, Self.header), "the service that it names")
        #expect(try !isService("10.0.0.1", ingress), "its own certificate, for somebody outside of the mesh")
    }

    @Test("nobody is trusted unless told, not even this machine")
    func nobody() throws {
        let rules = PeerRules(try Peers.domains())
        for address in [try Peers.address("127.0.0.1"), try Peers.address("10.0.0.1"), nil] {
            let connection = rules.connection(address: address, identity: nil)
            #expect(throws: PeerRefusal.untrustedForwarding) {
                try rules.peer(on: connection, forwarded: [Self.header])
            }
        }
        #expect(TrustedProxies().isEmpty)
    }

    @Test("an unknown address is nobody's")
    func unknownAddress() throws {
        let rules = try rules(["loopback", "10.0.0.0/8"])
        #expect(rules.connection(address: try Peers.address("127.0.0.1"), identity: nil).isTrustedProxy)
        #expect(!rules.connection(address: nil, identity: nil).isTrustedProxy)
    }

    @Test("a proxy is trusted by its own certificate, under an alias too, and never by another's word")
    func principal() throws {
        let rules = try rules(["spiffe://cluster.local/ns/edge/sa/gateway"])
        let address = try Peers.address("10.0.0.1")
        for id in ["spiffe://cluster.local/ns/edge/sa/gateway", "spiffe://old.local/ns/edge/sa/gateway"] {
            let connection = rules.connection(address: address, identity: try Peers.identity(id))
            #expect(try rules.peer(on: connection, forwarded: [Self.header])?.source == .xfcc)
            #expect(try rules.peer(on: connection, forwarded: [])?.source == .mtls)
        }
        for (id, source) in [
            ("spiffe://cluster.local/ns/edge/sa/other", IdentitySource.mtls),
            ("spiffe://partner.example/ns/edge/sa/gateway", .mtls),
            ("spiffe://cluster.local/ns/edge/sa/gateway", .xfcc),
        ] {
            let connection = rules.connection(address: address, identity: try Peers.identity(id, source))
            #expect(throws: PeerRefusal.untrustedForwarding) {
                try rules.peer(on: connection, forwarded: [Self.header])
            }
        }
    }

    @Test("a trusted proxy speaks for a peer without an ID, and does not lend it its own")
    func noURI() throws {
        let rules = try rules(["spiffe://cluster.local/ns/edge/sa/gateway"])
        let connection = rules.connection(
            address: try Peers.address("10.0.0.1"),
            identity: try Peers.identity("spiffe://cluster.local/ns/edge/sa/gateway"))
        #expect(try rules.peer(on: connection, forwarded: [value(#"Hash=1;Subject="";URI="#)]) == nil)
    }

    @Test("two lines, a broken header, and other trust domains are refused")
    func refused() throws {
        let rules = try rules(["loopback"])
        let connection = rules.connection(address: try Peers.address("127.0.0.1"), identity: nil)
        func refusal(_ lines: ArraySlice<UInt8>...) -> PeerRefusal? {
            do throws(PeerRefusal) {
                _ = try rules.peer(on: connection, forwarded: lines)
                return nil
            } catch { return error }
        }
        #expect(refusal(Self.header) == nil)
        #expect(refusal(Self.header, Self.header) == .forwarded(.severalHeaders))
        #expect(refusal(value("")) == .forwarded(.empty))
        #expect(refusal(value("URI=spiffe://td/a;URI=spiffe://td/b")) == .forwarded(.severalURIs))
        let foreign = try Peers.domain("elsewhere")
        #expect(refusal(value("URI=spiffe://elsewhere/ns/a/sa/b")) == .forwarded(.unknownTrustDomain(foreign)))
        #expect(refusal(value("URI=spiffe://old.local/ns/a/sa/b")) == nil)
    }

    @Test("what a caller is told names no proof and no principal")
    func callerMessages() throws {
        let one = try Peers.identity("spiffe://cluster.local/ns/a/sa/b")
        let other = try Peers.identity("spiffe://cluster.local/ns/c/sa/d", .xfcc)
        let refusals: [PeerRefusal] = [
            .certificate(.expired), .forwarded(.severalURIs), .untrustedForwarding, .nodeSignature(.replayed),
            .serviceAccountSubject, .disagreement(one, other),
        ]
        #expect(Set(refusals.map(\.callerMessage)) == ["the peer's identity is not accepted"])
        #expect(Set(refusals.map(\.reason)).count == refusals.count)
        #expect(refusals.allSatisfy { !$0.isTemporary && !$0.message.isEmpty })
        #expect(PeerRefusal.replayCacheUnavailable.isTemporary)
    }

    @Test(
        "entries that trust everybody, or cannot be read, are refused",
        arguments: [
            ("0.0.0.0/0", "trusts every address"), ("::/0", "trusts every address"),
            ("::ffff:0.0.0.0/96", "trusts every address"), ("localhost", "neither"), ("10.0.0.0/33", "neither"),
            ("cluster.local/ns/a/sa/b", "neither"), ("spiffe://cluster.local", "name the proxy"),
            ("spiffe://elsewhere/a", "not configured"), ("spiffe://cluster.local/ns/*/sa/a", "neither"),
            ("", "neither"),
        ])
    func badEntries(entry: String, problem: String) throws {
        let domains = try Peers.domains()
        let fault = #expect(throws: TrustedProxies.Fault.self) { try TrustedProxies([entry], domains) }
        #expect(fault?.message.contains(problem) == true, "\(String(describing: fault))")
    }

    @Test("more than 256 entries are refused")
    func manyEntries() throws {
        let domains = try Peers.domains()
        #expect(throws: TrustedProxies.Fault.self) {
            try TrustedProxies(Array(repeating: "10.0.0.1", count: 257), domains)
        }
    }
}
