import Documents

/// Reads the `spec` of a RequestAuthentication.
enum RequestAuthenticationReader {
    static func read(_ spec: inout FieldReader, _ metadata: ResourceMetadata?) -> RequestAuthentication? {
        let attachment = AttachmentReader.read(&spec)
        let rules = spec.boundedEntries("jwtRules", max: RuleLimits.tokenRulesMax).map { entry in
            var fields = FieldReader(entry.node, path: entry.name, into: spec.diagnostics)
            let rule = rule(&fields)
            fields.finish()
            return rule
        }
        guard let metadata else { return nil }
        return RequestAuthentication(metadata: metadata, attachment: attachment, tokenRules: rules)
    }

    private static func rule(_ fields: inout FieldReader) -> TokenRule {
        var rule = TokenRule()
        fields.refuseNull("issuer")
        if fields.has("issuer") { rule.issuer = fields.requiredString("issuer") }
        rule.audiences = fields.names("audiences").map(\.text)
        rule.keys = keys(&fields)
        if !fields.has("issuer"), !fields.has("jwksUri") {
            fields.diagnostics.error(
                "\(fields.path) needs an issuer; only with jwksUri may it be left out", at: fields.location)
        }
        for entry in fields.boundedEntries("fromHeaders", max: RuleLimits.valuesMax) {
            var header = FieldReader(entry.node, path: entry.name, into: fields.diagnostics)
            if let name = headerName("name", &header, isRequired: true) {
                rule.headers.append(TokenRule.HeaderPlace(name: name, prefix: header.string("prefix") ?? ""))
            }
            _ = header.node("prefix")
            header.finish()
        }
        rule.parameters = fields.names("fromParams").map(\.text)
        rule.cookies = fields.names("fromCookies").map(\.text)
        rule.payloadHeader = outputName("outputPayloadToHeader", &fields, isRequired: false)
        for entry in fields.boundedEntries("outputClaimToHeaders", max: RuleLimits.valuesMax) {
            var output = FieldReader(entry.node, path: entry.name, into: fields.diagnostics)
            let header = outputName("header", &output, isRequired: true)
            let claim = output.requiredString("claim")
            output.finish()
            if let header, let claim { rule.claimHeaders.append(TokenRule.ClaimHeader(header: header, claim: claim)) }
        }
        rule.forwardsToken = fields.bool("forwardOriginalToken") ?? false
        rule.timeoutMilliseconds = timeout(&fields) ?? rule.timeoutMilliseconds
        rule.spaceDelimitedClaims =
            fields.names("spaceDelimitedClaims", max: RuleLimits.spaceDelimitedClaimsMax).map(\.text)
        return rule
    }

    private static func keys(_ fields: inout FieldReader) -> TokenRule.Keys {
        fields.refuseNull("jwks")
        fields.refuseNull("jwksUri")
        let address = fields.string("jwksUri")
        let inline = fields.string("jwks")
        if address != nil, inline != nil {
            fields.error("\(fields.place("jwks")) may not stand beside jwksUri", at: "jwks")
        }
        if let address {
            if !isWebAddress(address) {
                fields.error("\(fields.place("jwksUri")) must be an http:// or https:// address", at: "jwksUri")
            }
            return .address(address)
        }
        guard let inline else { return .discovery }
        let set = try? DocumentParser.json(inline, file: "jwks")
        if set?["keys"]?.sequence == nil {
            fields.error("\(fields.place("jwks")) must be a JSON object with a list 'keys'", at: "jwks")
        }
        return .inline(inline)
    }

    private static func isWebAddress(_ text: String) -> Bool {
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            guard let first = rest.first, first != "/", first != "?", first != "#", first != ":" else { return false }
            return rest.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        }
        return false
    }

    private static func headerName(_ key: String, _ fields: inout FieldReader, isRequired: Bool) -> String? {
        fields.refuseNull(key)
        if !isRequired, !fields.has(key) { return nil }
        guard let name = fields.requiredString(key) else { return nil }
        guard case .attribute(.header(let lowered)) = ConditionKey.parse("request.headers[\(name)]") else {
            fields.error("\(fields.place(key)) is no header's name: \(MessageText.quoted(name))", at: key)
            return nil
        }
        return lowered
    }

    /// The name of a header that is made of a token and goes on to workers, where these have a meaning of their own.
    private static func outputName(_ key: String, _ fields: inout FieldReader, isRequired: Bool) -> String? {
        guard let name = headerName(key, &fields, isRequired: isRequired) else { return nil }
        let isTaken = takenNames.contains(name) || ["x-intentus-", "proxy-", "sec-"].contains { name.hasPrefix($0) }
        guard !isTaken else {
            fields.error(
                "\(fields.place(key)): \(name) belongs to the connection or the gateway; take another", at: key)
            return nil
        }
        return name
    }

    private static let takenNames: Set<String> = [
        "host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "content-length",
        "content-type", "content-encoding", "traceparent", "tracestate", "x-forwarded-client-cert", "x-forwarded-for",
        "idempotency-key", "cookie", "date",
    ]

    /// Seconds with a fraction, such as `5s` or `0.25s`.
    private static func timeout(_ fields: inout FieldReader) -> Int? {
        fields.refuseNull("timeout")
        guard let text = fields.string("timeout") else { return nil }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        let areDigits = parts.allSatisfy { part in
            (1...9).contains(part.count)
                && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        if text.last == "s", (1...2).contains(parts.count), areDigits, let seconds = Int(parts[0]) {
            let thousandths = parts.count == 2 ? Int(String(parts[1] + "000").prefix(3)) ?? 0 : 0
            let milliseconds = seconds * 1_000 + thousandths
            if (1...3_600_000).contains(milliseconds) { return milliseconds }
        }
        fields.error("\(fields.place("timeout")) must be 0.001s to 3600s, such as 5s", at: "timeout")
        return nil
    }
}
