import IntentProtocol

/// Single exchanges with Vault's HTTP API, and what its answers mean.
struct VaultExchange: Sendable {
    let settings: VaultSettings
    let transport: any ServiceTransport

    /// Sends a request to `/v1/PATH` and reads the JSON of the answer.
    ///
    /// - Parameters:
    ///   - path: encoded, without `/v1/`.
    ///   - what: what messages say was to be done: "reading secret/data/app".
    ///   - badRequest: what 400 means there.
    func send(
        _ method: ServiceRequest.Method, _ path: String, token: SecretBytes?, body: JSONValue? = nil, to what: String,
        badRequest: SecretFault.Kind = .unusable
    ) async throws(SourceFault) -> JSONValue {
        var request = ServiceRequest(method, "\(settings.address)/v1/\(path)")
        // Keeps a browser that was lured here from speaking to an agent of Vault; its own client sends it always.
        request.headers.append(("x-vault-request", "true"))
        if let namespace = settings.namespace { request.headers.append(("x-vault-namespace", namespace)) }
        if let token {
            guard let text = token.text?.reveal(), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw SourceFault(
                    .notConfigured, "the Vault token is no visible ASCII; give the token as Vault printed it")
            }
            request.headers.append(("x-vault-token", text))
        }
        if let body {
            request.headers.append(("content-type", "application/json"))
            request.body = body.encoded
        }
        let reply = try await transport.send(request)
        guard reply.status == 200 else { throw fault(reply, what, badRequest) }
        guard let value = try? JSONValue(parsing: reply.body), value.objectValue != nil else {
            throw SourceFault(
                .unusable, "Vault at \(settings.address) answered with something that is no JSON object; is it Vault?")
        }
        return value
    }

    private func fault(_ reply: ServiceReply, _ what: String, _ badRequest: SecretFault.Kind) -> SourceFault {
        let place = "Vault at \(settings.address)"
        let words = Self.errors(in: reply.body).map { ": \($0)" } ?? ""
        let space = settings.namespace.map { " in namespace '\($0)'" } ?? ""
        switch reply.status {
        case 400:
            return SourceFault(badRequest, "\(place) answered 400 to \(what)\(words)")
        case 401, 403:
            return SourceFault(
                .denied, "\(place) refused \(what)\(space) (403)\(words); give the policy of its token this path")
        case 404:
            return SourceFault(
                .missing,
                "\(place) has nothing for \(what)\(space) (404)\(words); is the mount a KV v2 or Transit engine, and the path "
                    + "written without 'data/'?")
        case 301...308:
            return SourceFault(
                .notConfigured,
                "\(place) answered \(reply.status): it redirects, which is not followed; name the active node or its balancer"
            )
        case 429: return SourceFault(.unavailable, "\(place) answered 429 to \(what): its rate limit is used up")
        case 503:
            return SourceFault(.unavailable, "\(place) answered 503 to \(what)\(words): it is sealed or not ready")
        default: return SourceFault(.unavailable, "\(place) answered \(reply.status) to \(what)\(words)")
        }
    }

    /// What Vault says of a fault, shortened to one line; it holds paths and reasons, no secrets.
    private static func errors(in body: [UInt8]) -> String? {
        guard let list = (try? JSONValue(parsing: body))?.objectValue?["errors"]?.arrayValue else { return nil }
        let words = list.compactMap(\.stringValue).joined(separator: "; ")
        let line = String(words.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) })
        return line.isEmpty ? nil : String(line.prefix(200))
    }

    /// The token and lease in `auth` of an answer.
    static func lease(in answer: JSONValue) throws(SourceFault) -> VaultTokenState.Lease {
        guard let auth = answer.objectValue?["auth"]?.objectValue, let token = auth["client_token"]?.stringValue,
            !token.isEmpty, let seconds = auth["lease_duration"]?.intValue, (0...3_153_600_000).contains(seconds)
        else {
            throw SourceFault(
                .unusable, "Vault answered a login without a token and its lease; is the mount an auth method?")
        }
        return VaultTokenState.Lease(
            token: SecretBytes(Array(token.utf8)), seconds: seconds, isRenewable: auth["renewable"]?.boolValue ?? false)
    }

    static func path(_ segments: String...) -> String {
        segments.map { $0.split(separator: "/").map { PercentEncoding.encoded($0) }.joined(separator: "/") }
            .joined(separator: "/")
    }
}
