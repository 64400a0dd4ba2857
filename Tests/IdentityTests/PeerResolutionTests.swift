import IntentProtocol
import Testing

@testable import Identity

@Suite("Sources of identity together")
struct PeerResolutionTests {
    private static let front = "spiffe://cluster.local/ns/web/sa/front"

    @Test("nothing said is nobody")
    func nobody() throws {
        var resolution = PeerResolution()
        try resolution.add(nil)
        #expect(resolution.identity == nil)
        #expect(resolution.sources.strongest == .none)
    }

    @Test("sources that agree add up, and the strongest stands for all")
    func agreement() throws {
        var resolution = PeerResolution(try Peers.identity(Self.front, .xfcc))
        try resolution.add(nil)
        try resolution.add(try Peers.identity(Self.front, .serviceAccountToken))
        try resolution.add(try Peers.identity(Self.front, .nodeSignature))
        let identity = try #require(resolution.identity)
        #expect(identity.sources.sources == [.xfcc, .nodeSignature, .serviceAccountToken])
        #expect(identity.source == .xfcc)
        #expect(identity.principal == "cluster.local/ns/web/sa/front")
        #expect(identity.chainEntry == Array("service:cluster.local/ns/web/sa/front".utf8))
    }

    @Test("an alias is the same service, and the ID of the stronger proof is kept as it was shown")
    func alias() throws {
        var resolution = PeerResolution(try Peers.identity(Self.front, .serviceAccountToken))
        try resolution.add(try Peers.identity("spiffe://old.local/ns/web/sa/front", .mtls))
        #expect(resolution.identity?.id.principal == "old.local/ns/web/sa/front")
        #expect(resolution.identity?.principal == "cluster.local/ns/web/sa/front")
        try resolution.add(try Peers.identity(Self.front, .nodeSignature))
        #expect(resolution.identity?.id.principal == "old.local/ns/web/sa/front")
    }

    @Test(
        "sources that differ in anything are refused, and the log names both",
        arguments: [
            "spiffe://cluster.local/ns/web/sa/Front", "spiffe://partner.example/ns/web/sa/front",
            "spiffe://cluster.local/ns/web/sa/front/x", "spiffe://cluster.local/ns/web/sa/fr.nt",
        ])
    func disagreement(other: String) throws {
        for source in [IdentitySource.nodeSignature, .serviceAccountToken, .xfcc] {
            var resolution = PeerResolution(try Peers.identity(Self.front, .mtls))
            let second = try Peers.identity(other, source)
            let refusal = #expect(throws: PeerRefusal.self) { try resolution.add(second) }
            #expect(refusal?.reason == "identity_disagreement")
            #expect(
                refusal?.message
                    == "mtls says cluster.local/ns/web/sa/front, \(source.rawValue) says \(second.principal)")
            #expect(refusal?.callerMessage.contains("cluster.local") == false)
        }
    }
}
