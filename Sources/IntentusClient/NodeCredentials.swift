import IntentProtocol

/// The name and the secret with which a node signs what it sends, so that a gateway knows it without a certificate.
///
/// Never shows the secret when it is printed. A secret belongs to one node alone: the name is not under the signature.
public struct NodeCredentials: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The name that the gateway's `mesh.nodes` has for it.
    public let nodeId: String
    private let secret: Secret

    /// Takes name and secret as the gateway has them.
    public init(nodeId: String, secret: String) {
        self.nodeId = nodeId
        self.secret = Secret(secret)
    }

    /// The name alone.
    public var description: String { "NodeCredentials(\(nodeId), <redacted>)" }
    /// The name alone.
    public var debugDescription: String { description }

    /// The header lines that sign a body; nil when the name cannot stand in a header.
    package func headerLines(signing body: [UInt8], unixSeconds: Int64) -> [UInt8]? {
        guard (1...256).contains(nodeId.utf8.count), nodeId.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        let signature = NodeSignature(signing: body, nodeId: nodeId, secret: secret, unixSeconds: unixSeconds)
        let lines = [
            "\(NodeSignature.Header.nodeId): \(signature.nodeId)",
            "\(NodeSignature.Header.timestamp): \(signature.timestamp)",
            "\(NodeSignature.Header.signature): \(signature.signature)",
        ]
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }
}
