package import IntentProtocol

/// What a policy is asked about: who, what, and on demand the payload.
package struct PolicyRequest: Sendable {
    /// Where the payload and the source come from.
    package enum Content: Sendable {
        case none
        case envelope(IntentEnvelope)
        case values(payload: JSONObject, source: String?)
    }

    package var subject: String?
    package var roles: [String]
    package var tenant: String?
    /// The service that the caller is, `cluster.local/ns/default/sa/sleep`; nil when nothing says so.
    package var principal: String?
    /// What says so; empty when nothing does.
    package var identitySources: IdentitySources
    /// Where the caller is, by the connection or a configured proxy; nil where there is no address.
    package var address: NetworkAddress?
    package var intent: String
    package var content: Content

    package init(
        subject: String?, roles: [String], tenant: String?, principal: String? = nil,
        identitySources: IdentitySources = [], address: NetworkAddress? = nil, intent: String, content: Content = .none
    ) {
        self.subject = subject
        self.roles = roles
        self.tenant = tenant
        self.principal = principal
        self.identitySources = identitySources
        self.address = address
        self.intent = intent
        self.content = content
    }

    /// The agent that the caller says it is; unverified, so a limit by it is only a courtesy.
    var source: String? {
        switch content {
        case .none: nil
        case .envelope(let envelope): envelope.sourceAgent
        case .values(_, let source): source
        }
    }

    /// The value at a path: the member of that very name, else the members from the outermost inwards.
    func payloadValue(at path: String) -> JSONValue? {
        if let value = member(path) { return value }
        let names = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard names.count > 1, var value = member(names[0]) else { return nil }
        for name in names.dropFirst() {
            guard case .object(let object) = value, let next = object[name] else { return nil }
            value = next
        }
        return value
    }

    private func member(_ name: String) -> JSONValue? {
        switch content {
        case .none: nil
        case .envelope(let envelope): envelope.payloadField(name)
        case .values(let payload, _): payload[name]
        }
    }
}
