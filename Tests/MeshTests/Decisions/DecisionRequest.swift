/// A case's request as it goes over the wire.
struct DecisionRequest: Sendable {
    /// The service of the client's certificate; nil means no certificate.
    let principal: String?
    let serverName: String?
    /// The claims of the token as JSON; nil means no token.
    let claims: EnvoyValue?
    /// The PROXY protocol's line, which gives the connection the case's addresses and port.
    let preface: String
    private let lines: [String]

    init(_ fields: PlainNode, name: String) {
        principal = fields["peerPrincipal"].isAbsent ? nil : fields["peerPrincipal"].text
        serverName = fields["sni"].isAbsent ? nil : fields["sni"].text
        claims = fields["jwtClaims"].isAbsent ? nil : fields["jwtClaims"].value
        let (source, remote) = (fields["sourceIP"].text, fields["remoteIP"].text)
        let isWide = source.contains(":")
        // The protocol has both addresses in one family.
        let destination = (isWide ? "::ffff:" : "") + fields["destinationIP"].text
        preface = "PROXY TCP\(isWide ? 6 : 4) \(source) \(destination) 40000 \(fields["port"].text)\r\n"
        var lines = [
            "\(fields["method"].text) \(fields["path"].text) HTTP/1.1", "host: \(fields["host"].text)",
            "x-decision-case: \(name)", "connection: close",
        ]
        for (name, value) in fields["headers"].members {
            lines += (value.list.isEmpty ? [value.text] : value.texts).map { "\(name): \($0)" }
        }
        if remote != source { lines.append("x-forwarded-for: \(remote)") }
        self.lines = lines
    }

    /// The request's text, with the token where there is one.
    func text(token: String?) -> String {
        (lines + (token.map { ["authorization: Bearer \($0)"] } ?? [])).joined(separator: "\r\n") + "\r\n\r\n"
    }
}
