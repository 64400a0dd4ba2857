import IntentProtocol
import Testing

@testable import Identity

@Suite("Addresses of clients behind proxies")
struct ForwardedAddressTests {
    /// The client's address as text, `refused`, or `none`.
    private func client(
        _ hops: Int, _ lines: [String], from peer: String = "10.0.0.9", trusting proxies: [String] = ["10.0.0.0/8"],
        showing id: String? = nil
    ) throws -> String {
        let domains = try Peers.domains()
        let rules = PeerRules(
            domains,
            addresses: ForwardedAddressRules(trustedHops: hops, proxies: try TrustedProxies(proxies, domains)))
        let connection = rules.connection(
            address: try Peers.address(peer), identity: try id.map { try Peers.identity($0) })
        do throws(PeerRefusal) {
            let found = try rules.addresses.client(on: connection, forwarded: lines.map { Array($0.utf8)[...] })
            return found?.description ?? "none"
        } catch {
            #expect(error == .forwardedAddress)
            return "refused"
        }
    }

    @Test(
        "the place is counted from the right, over all lines",
        arguments: [
            (0, ["203.0.113.7"], "10.0.0.9"), (1, ["203.0.113.7"], "203.0.113.7"),
            (1, ["198.51.100.1, 203.0.113.7"], "203.0.113.7"), (2, ["198.51.100.1, 203.0.113.7"], "198.51.100.1"),
            (2, ["6.6.6.6,198.51.100.1,203.0.113.7"], "198.51.100.1"),
            (2, ["6.6.6.6, 198.51.100.1", "203.0.113.7"], "198.51.100.1"),
            (1, ["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
            (3, ["198.51.100.1, 203.0.113.7"], "10.0.0.9"), (1, [], "10.0.0.9"),
            (1, ["203.0.113.7\t"], "203.0.113.7"),
        ])
    func places(_ hops: Int, _ lines: [String], _ expected: String) throws {
        #expect(try client(hops, lines) == expected)
    }

    @Test(
        "addresses are read as proxies write them, IPv6 and ports included",
        arguments: [
            ("2001:db8::1", "2001:db8:0:0:0:0:0:1"), ("[2001:db8::1]", "2001:db8:0:0:0:0:0:1"),
            ("[2001:db8::1]:443", "2001:db8:0:0:0:0:0:1"), ("203.0.113.7:51334", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"), ("[::ffff:203.0.113.7]:1", "203.0.113.7"),
        ])
    func forms(_ text: String, _ expected: String) throws {
        #expect(try client(1, ["6.6.6.6, \(text)"]) == expected)
    }

    @Test(
        "what is no address at the client's place is refused, never taken for the proxy",
        arguments: [
            "unknown", "", " ", "203.0.113", "203.0.113.07", "203.0.113.7.", "203.0.113.7:", "203.0.113.7:x",
            "203.0.113.7:65536", "203.0.113.7 6.6.6.6", "[203.0.113.7]", "[2001:db8::1", "2001:db8::1]",
            "[2001:db8::1]x",
            "fe80::1%eth0", "0x7f.0.0.1", "for=203.0.113.7", "\"203.0.113.7\"", "\u{0}", "_hidden",
        ])
    func garbage(_ text: String) throws {
        #expect(try client(1, ["198.51.100.1,\(text)"]) == "refused")
        // Further left it is the client's own business.
        #expect(try client(1, ["\(text),198.51.100.1"]) == "198.51.100.1")
    }

    @Test("from a peer that is not named the header says nothing, whatever it holds")
    func untrusted() throws {
        #expect(try client(1, ["203.0.113.7"], from: "192.0.2.1") == "192.0.2.1")
        #expect(try client(1, ["garbage"], from: "192.0.2.1") == "192.0.2.1")
        #expect(try client(1, ["203.0.113.7"], trusting: []) == "10.0.0.9")
    }

    @Test("a proxy may be named by the service that its certificate shows")
    func principal() throws {
        let edge = "spiffe://cluster.local/ns/edge/sa/lb"
        #expect(try client(1, ["203.0.113.7"], trusting: [edge], showing: edge) == "203.0.113.7")
        #expect(
            try client(1, ["203.0.113.7"], trusting: [edge], showing: "spiffe://cluster.local/ns/edge/sa/x")
                == "10.0.0.9")
    }

    @Test("10,000 headers of chance give an address, the peer or a refusal, and never what stands left of the place")
    func chance() throws {
        var generator = SplitMix64(seed: 20)
        let pieces = ["203.0.113.7", ",", " ", "[", "]", ":", "::1", "80", "x", "6.6.6.6", "\t", ".", "%"]
        for _ in 0..<10_000 {
            let count = Int.random(in: 0...8, using: &generator)
            let tail = (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &generator)] }.joined()
            let found = try client(1, ["9.9.9.9, " + tail])
            #expect(found != "9.9.9.9", "\(tail)")
        }
    }
}
