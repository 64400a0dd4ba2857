/// Between whom a key seals. A key that workers hold need not open what clients send.
package enum KeyUse: String, Sendable, Hashable, CaseIterable {
    /// Between clients and gateways: requests and their answers.
    case clients
    /// Between gateways and workers: calls and their replies.
    case workers
}
