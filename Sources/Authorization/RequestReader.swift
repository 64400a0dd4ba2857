package import Documents
import IntentProtocol

/// Reads a request that a document describes, for cases and for `explain`.
package enum RequestReader {
    /// Reads a request; nil when a part of it cannot be read, and then an error was noted.
    package static func read(_ reader: FieldReader) -> AuthorizationRequest? {
        var fields = reader
        let errorsBefore = fields.diagnostics.errors.count
        let port = fields.integer("port", in: 0...65_535) ?? 0
        var request = AuthorizationRequest(
            destinationPort: UInt16(clamping: port), method: bytes(fields.string("method")) ?? bytes("GET") ?? [],
            target: bytes(fields.string("path")) ?? bytes("/") ?? [])
        request.principal = fields.string("peerPrincipal").flatMap { PeerPrincipal($0) }
        request.sourceAddress = address("sourceIP", &fields)
        request.remoteAddress = address("remoteIP", &fields) ?? request.sourceAddress
        request.destinationAddress = address("destinationIP", &fields)
        request.host = bytes(fields.string("host"))
        request.serverName = bytes(fields.string("sni"))
        request.headers = headers(&fields)
        if let claims = fields.child("jwtClaims") { request.token = token(claims, reader.peek("jwtClaims")) }
        fields.finish()
        return fields.diagnostics.errors.count == errorsBefore ? request : nil
    }

    private static func bytes(_ text: String?) -> ArraySlice<UInt8>? {
        text.map { Array($0.utf8)[...] }
    }

    private static func address(_ key: String, _ fields: inout FieldReader) -> NetworkAddress? {
        guard let text = fields.string(key) else { return nil }
        if let address = NetworkAddress(text) { return address }
        fields.error("\(fields.place(key)) must be an IP address, found \(MessageText.quoted(text))", at: key)
        return nil
    }

    private static func headers(_ fields: inout FieldReader) -> AuthorizationHeaders {
        var headers = AuthorizationHeaders()
        guard var child = fields.child("headers") else { return headers }
        for name in child.keys {
            guard child.peek(name)?.sequence != nil else {
                if let value = child.string(name) { headers.append(name: name, value: value) }
                continue
            }
            for value in child.strings(name) ?? [] { headers.append(name: name, value: value) }
        }
        return headers
    }

    private static func token(_ fields: FieldReader, _ node: DocumentNode?) -> TokenAttributes? {
        guard fields.isMapping, let node else { return nil }
        return TokenAttributes(members: ClaimValue(node).members, spaceDelimitedClaims: [])
    }
}

extension ClaimValue {
    fileprivate convenience init(_ node: DocumentNode) {
        switch node.kind {
        case .null: self.init(.other)
        case .scalar(let scalar):
            self.init(
                scalar.kind == .string ? .text : .other, texts: scalar.kind == .string ? [Array(scalar.text.utf8)] : [])
        case .sequence(let entries): self.init(.list, texts: entries.compactMap { $0.string.map { Array($0.utf8) } })
        case .mapping(let members):
            self.init(
                .object, members: members.map { Member(name: Array($0.key.utf8), value: ClaimValue($0.value)) })
        }
    }
}
