import Foundation
import IntentProtocol
import Testing

@testable import Identity

@Suite("Node signatures of peers")
struct NodeSignatureVerifierTests {
    private static let now: Int64 = 1_700_000_000
    private static let body = Array(#"{"a":1}"#.utf8)
    private static let service = "spiffe://cluster.local/ns/mesh/sa/node-a"

    private func verifier(
        _ nodes: [(id: String, secrets: [String])] = [("node-a", ["s3cret"])], windowSeconds: Int = 60,
        replays: any ReplayCache = MemoryReplayCache { 0 }
    ) throws -> NodeSignatureVerifier {
        let peers = try nodes.map {
            NodePeer(id: $0.id, secrets: $0.secrets.map { Secret($0) }, service: try SPIFFEID(Self.service))
        }
        return try NodeSignatureVerifier(peers, Peers.domains(), windowSeconds: windowSeconds, replays: replays)
    }

    private func signed(
        _ body: [UInt8] = body, id: String = "node-a", secret: String = "s3cret", at seconds: Int64 = now
    ) -> NodeSignatureHeaders {
        let signature = NodeSignature(signing: body, nodeId: id, secret: Secret(secret), unixSeconds: seconds)
        return headers(signature.nodeId, signature.timestamp, signature.signature)
    }

    private func headers(_ id: String?, _ timestamp: String?, _ signature: String?) -> NodeSignatureHeaders {
        func lines(_ text: String?) -> [ArraySlice<UInt8>] { text.map { [value($0)] } ?? [] }
        return NodeSignatureHeaders(ids: lines(id), timestamps: lines(timestamp), signatures: lines(signature))
    }

    private func outcome(
        _ verifier: NodeSignatureVerifier, _ headers: NodeSignatureHeaders, body: [UInt8] = body, at now: Int64 = now
    ) async -> Result<ServiceIdentity?, PeerRefusal> {
        do throws(PeerRefusal) {
            return .success(try await verifier.verify(headers, body: body, nowSeconds: now))
        } catch { return .failure(error) }
    }

    private func fault(
        _ verifier: NodeSignatureVerifier, _ headers: NodeSignatureHeaders, body: [UInt8] = body, at now: Int64 = now
    ) async -> NodeSignatureFault? {
        guard case .failure(.nodeSignature(let fault)) = await outcome(verifier, headers, body: body, at: now) else {
            return nil
        }
        return fault
    }

    /// Where the Python package is lenient and we are not; its digits are any that Unicode calls digits.
    private static let stricter = [
        "ts_arabic_digits": NodeSignatureFault.malformedTime, "ts_leading_zero": .malformedTime,
    ]

    private struct Vectors: Decodable {
        struct Case: Decodable {
            let id: String
            let nodeId: String
            let sharedSecret: String
            let ttlSeconds: Int
            let now: Double
            let headers: [String: String]
            let bodyBase64: String
            let result: Outcome
        }

        /// true or false; a case in which the package raises counts as false.
        struct Outcome: Decodable {
            let isAccepted: Bool

            init(from decoder: any Decoder) throws {
                isAccepted = (try? decoder.singleValueContainer().decode(Bool.self)) ?? false
            }
        }

        let cases: [Case]
    }

    @Test("the Python package's cases come out as there, but for digits that are not strict and for replays")
    func vectors() async throws {
        let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        let file = folder.deletingLastPathComponent().appending(path: "Vectors/intentusnet/node_verify.json")
        let cases = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file)).cases
        #expect(cases.count == 16)
        for example in cases {
            let verifier = try verifier([(example.nodeId, [example.sharedSecret])], windowSeconds: example.ttlSeconds)
            let headers = headers(
                example.headers[NodeSignature.Header.nodeId], example.headers[NodeSignature.Header.timestamp],
                example.headers[NodeSignature.Header.signature])
            let body = [UInt8](try #require(Data(base64Encoded: example.bodyBase64)))
            let outcome = await outcome(verifier, headers, body: body, at: Int64(example.now))
            if let stricter = Self.stricter[example.id] {
                #expect(outcome == .failure(.nodeSignature(stricter)), "\(example.id)")
            } else {
                let isAccepted = (try? outcome.get()) != nil
                #expect(isAccepted == example.result.isAccepted, "\(example.id): \(outcome)")
            }
        }
    }

    @Test("a signature is the node's service, and none is nobody")
    func identity() async throws {
        let verifier = try verifier()
        let identity = try await verifier.verify(signed(), body: Self.body, nowSeconds: Self.now)
        #expect(identity?.id.text == Self.service)
        #expect(identity?.source == .nodeSignature)
        #expect(try await verifier.verify(NodeSignatureHeaders(), body: Self.body, nowSeconds: Self.now) == nil)
    }

    @Test("the same signature twice is refused for as long as it would be accepted")
    func replay() async throws {
        let clock = ManualClock()
        let cache = MemoryReplayCache { clock.now }
        let verifier = try verifier(replays: cache)
        let early = signed(at: Self.now + 60)
        #expect(await fault(verifier, early) == nil)
        // 120 s later it is still inside the window of its time.
        clock.move(to: 120_999_000_000)
        #expect(await fault(verifier, early, at: Self.now + 120) == .replayed)
        clock.move(to: 121_000_000_000)
        #expect(await fault(verifier, early, at: Self.now + 121) == .outsideWindow)
        // A refused one must not use up the good one's place.
        var forged = signed(at: Self.now + 90)
        forged.signatures = [value(String(repeating: "0", count: 64))]
        #expect(await fault(verifier, forged, at: Self.now + 121) == .badSignature)
        #expect(await fault(verifier, signed(at: Self.now + 90), at: Self.now + 121) == nil)
    }

    @Test("a cache that cannot tell refuses, and the same request may be tried again")
    func unavailable() async throws {
        let verifier = try verifier(replays: MemoryReplayCache(entriesMax: 0) { 0 })
        #expect(await outcome(verifier, signed()) == .failure(.replayCacheUnavailable))
    }

    @Test("each header must be there once")
    func incomplete() async throws {
        let verifier = try verifier()
        let whole = signed()
        var lacking = [whole, whole, whole, whole, whole, whole]
        lacking[0].ids = []
        lacking[1].timestamps = []
        lacking[2].signatures = []
        lacking[3].ids = [value("node-b"), whole.ids[0]]
        lacking[4].signatures += whole.signatures
        lacking[5].timestamps = [value("")]
        for headers in lacking { #expect(await fault(verifier, headers) == .incomplete) }
        for name in ["node-b", "Node-a", "node-a ", "node\u{2010}a", "-"] {
            #expect(await fault(verifier, signed(id: name)) == .unknownNode, "\(name)")
        }
    }

    @Test(
        "times that Python's int() would read are refused",
        arguments: [
            "+1700000000", "1_700_000_000", "01700000000", " 1700000000", "1700000000.0", "1e9", "-5", "１７", "0x1",
        ])
    func times(text: String) async throws {
        var headers = signed()
        headers.timestamps = [value(text)]
        #expect(await fault(try verifier(), headers) == .malformedTime)
        headers.timestamps = [value("9999999999999999")]
        #expect(await fault(try verifier(), headers) == .malformedTime)
    }

    @Test(
        "the window's last second counts on both sides",
        arguments: [(-61, false), (-60, true), (60, true), (61, false)])
    func window(offset: Int64, isAccepted: Bool) async throws {
        let fault = await fault(try verifier(), signed(at: Self.now + offset))
        #expect(fault == (isAccepted ? nil : .outsideWindow))
    }

    @Test("signatures in another form, of another body, or by another secret do not hold")
    func signatures() async throws {
        let verifier = try verifier()
        var upper = signed()
        upper.signatures = [value(String(decoding: upper.signatures[0], as: UTF8.self).uppercased())]
        #expect(await fault(verifier, upper) == .malformedSignature)
        for text in [
            String(repeating: "a", count: 63), String(repeating: "a", count: 65), "é",
            String(repeating: "g", count: 64),
        ] {
            var headers = signed()
            headers.signatures = [value(text)]
            #expect(await fault(verifier, headers) == .malformedSignature)
        }
        #expect(await fault(verifier, signed(), body: Self.body + [0x20]) == .badSignature)
        #expect(await fault(verifier, signed(secret: "other")) == .badSignature)
        // The point between time and body is under the signature with them, so a digit cannot move across it.
        #expect(
            await fault(verifier, signed(Array("7.x".utf8), at: 170_000_000), body: Array("x".utf8)) == .outsideWindow)
    }

    @Test("a node may have two secrets while one replaces the other")
    func rotation() async throws {
        let verifier = try verifier([("node-a", ["old", "new"]), ("node-b", ["b"])])
        #expect(await fault(verifier, signed(secret: "old")) == nil)
        #expect(await fault(verifier, signed(secret: "new")) == nil)
        #expect(await fault(verifier, signed(secret: "b")) == .badSignature)
        #expect(await fault(verifier, signed(id: "node-b", secret: "b")) == nil)
    }

    @Test("nodes that cannot be told apart are refused")
    func configuration() throws {
        let problems: [[(id: String, secrets: [String])]] = [
            [("a", ["s"]), ("b", ["s"])], [("a", ["s"]), ("a", ["t"])], [("", ["s"])], [("a", [])], [("a", [""])],
            [("a", ["1", "2", "3"])], [(String(repeating: "a", count: 201), ["s"])],
        ]
        for nodes in problems {
            let fault = #expect(throws: NodeSignatureVerifier.Fault.self) { try verifier(nodes) }
            #expect(fault?.message.contains("node") == true)
        }
        for service in ["spiffe://elsewhere/a", "spiffe://cluster.local"] {
            let peer = NodePeer(id: "a", secrets: [Secret("s")], service: try SPIFFEID(service))
            #expect(throws: NodeSignatureVerifier.Fault.self) {
                try NodeSignatureVerifier([peer], Peers.domains(), replays: MemoryReplayCache { 0 })
            }
        }
    }
}
