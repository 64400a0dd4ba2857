import IntentProtocol

/// Decides which node signatures are believed: each node by its own secret, within a window of time, once.
///
/// Stricter than the Python package where that costs no honest peer anything: digits are ASCII digits, and a signature is
/// remembered for as long as it would be accepted. Two equal bodies of one second have one signature, so each request needs
/// an id of its own.
package struct NodeSignatureVerifier: Sendable {
    /// What is wrong with the configured nodes, and what to do about it.
    package struct Fault: Error, Sendable, Hashable {
        package let message: String
    }

    private struct Node: Sendable {
        let name: String
        let secrets: [Secret]
        let identity: ServiceIdentity
    }

    /// By bytes, for names that look the same are not.
    private let nodes: [[UInt8]: Node]
    private let windowSeconds: Int64
    private var replays: any ReplayCache

    /// Makes a verifier.
    ///
    /// - Parameters:
    ///   - windowSeconds: how far the time may be from ours, both ways, inclusive; 0 to 300, values outside count as the
    ///     nearest bound.
    /// - Throws: for a node that cannot be told from another: the name is not under the signature, so a shared secret
    ///   would let each be the other.
    package init(
        _ peers: [NodePeer], _ domains: TrustDomainTable, windowSeconds: Int = 60, replays: any ReplayCache
    ) throws(Fault) {
        var nodes: [[UInt8]: Node] = [:]
        var owners: [Secret: [UInt8]] = [:]
        for peer in peers {
            let name = Array(peer.id.utf8)
            guard (1...NodePeer.idBytesMax).contains(name.count), nodes[name] == nil else {
                throw Fault(
                    message: "node ids must differ and have 1 to \(NodePeer.idBytesMax) bytes, found '\(peer.id)'")
            }
            guard (1...2).contains(peer.secrets.count), !peer.secrets.contains(where: { $0.reveal().isEmpty }) else {
                throw Fault(message: "node '\(peer.id)' needs one secret, or two while one replaces the other")
            }
            for secret in peer.secrets {
                guard (owners.updateValue(name, forKey: secret) ?? name) == name else {
                    throw Fault(message: "node '\(peer.id)' has another node's secret: give each node its own")
                }
            }
            guard !peer.service.isTrustDomain, domains.accepts(peer.service.trustDomain) else {
                throw Fault(message: "node '\(peer.id)' needs a service of a configured trust domain")
            }
            let identity = ServiceIdentity(peer.service, domains, source: .nodeSignature)
            nodes[name] = Node(name: peer.id, secrets: peer.secrets, identity: identity)
        }
        self.nodes = nodes
        self.windowSeconds = Int64(min(max(windowSeconds, 0), 300))
        self.replays = replays
    }

    /// The same verifier, whose signatures are remembered elsewhere.
    package func remembering(in replays: any ReplayCache) -> NodeSignatureVerifier {
        var verifier = self
        verifier.replays = replays
        return verifier
    }

    /// The node that signed; nil when the request is not signed.
    ///
    /// - Parameters:
    ///   - body: the bytes as they came.
    ///   - nowSeconds: the Unix time, fractions dropped.
    package func verify(
        _ headers: NodeSignatureHeaders, body: [UInt8], nowSeconds: Int64
    ) async throws(PeerRefusal) -> ServiceIdentity? {
        guard !headers.isAbsent else { return nil }
        let node: Node
        let proof: [UInt8]
        do throws(NodeSignatureFault) {
            (node, proof) = try check(headers, body, nowSeconds)
        } catch {
            throw .nodeSignature(error)
        }
        // The last second of the window counts, and ours was cut to a whole one: two seconds beyond both sides of it.
        let verdict = await replays.firstUse(
            of: proof, scope: "node:\(node.name)", timeToLiveMilliseconds: (2 * windowSeconds + 2) * 1_000)
        switch verdict {
        case .first: return node.identity
        case .replayed: throw .nodeSignature(.replayed)
        case .unavailable: throw .replayCacheUnavailable
        }
    }

    private func check(
        _ headers: NodeSignatureHeaders, _ body: [UInt8], _ nowSeconds: Int64
    ) throws(NodeSignatureFault) -> (node: Node, proof: [UInt8]) {
        guard headers.ids.count == 1, headers.timestamps.count == 1, headers.signatures.count == 1 else {
            throw .incomplete
        }
        let (id, timestamp, signature) = (headers.ids[0], headers.timestamps[0], headers.signatures[0])
        guard !id.isEmpty, !timestamp.isEmpty, !signature.isEmpty else { throw .incomplete }
        guard let node = nodes[Array(id)] else { throw .unknownNode }
        guard let seconds = Self.seconds(timestamp) else { throw .malformedTime }
        guard abs(nowSeconds - seconds) <= windowSeconds else { throw .outsideWindow }
        guard signature.count == 64, let code = HexDigits.bytes(of: signature) else { throw .malformedSignature }
        let holds = node.secrets.contains {
            NodeSignature.isValid(code: code, timestamp: timestamp, body: body, secret: $0)
        }
        guard holds else { throw .badSignature }
        return (node, code + Array(timestamp))
    }

    private static func seconds(_ text: ArraySlice<UInt8>) -> Int64? {
        guard (1...15).contains(text.count), text.count == 1 || text.first != UInt8(ascii: "0") else { return nil }
        var seconds: Int64 = 0
        for byte in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            seconds = seconds * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return seconds
    }
}
