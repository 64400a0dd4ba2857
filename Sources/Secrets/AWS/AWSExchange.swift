import IntentProtocol

/// Signed exchanges with AWS services that speak JSON 1.1: KMS and Secrets Manager.
struct AWSExchange: Sendable {
    let settings: AWSSettings
    let service: AWSSettings.Service
    /// What the header `X-Amz-Target` begins with.
    let target: String
    let credentials: AWSCredentialHolder
    let transport: any ServiceTransport
    let around: SecretSurroundings

    init(
        _ service: AWSSettings.Service, target: String, settings: AWSSettings, credentials: AWSCredentialHolder,
        transport: any ServiceTransport, around: SecretSurroundings
    ) {
        self.settings = settings
        self.service = service
        self.target = target
        self.credentials = credentials
        self.around = around
        self.transport = RetryingTransport(inner: transport, around: around, isThrottled: Self.isThrottled)
    }

    /// Calls an operation.
    ///
    /// - Parameter what: what messages say was to be done: "reading 'app/db'".
    func call(_ operation: String, _ body: JSONValue, to what: String) async throws(SourceFault) -> JSONObject {
        let used = try await credentials.current()
        var reply = try await send(operation, body, used)
        if Self.saysExpired(reply) {
            // Their end was told wrong, or the machine's clock is: others may be good.
            credentials.refused(used)
            reply = try await send(operation, body, try await credentials.current())
        }
        guard reply.status == 200 else { throw fault(reply, what) }
        guard let object = (try? JSONValue(parsing: reply.body))?.objectValue else {
            throw SourceFault(
                .unusable, "\(name) answered with something that is no JSON object; is the endpoint right?")
        }
        return object
    }

    private var name: String { "AWS \(service.rawValue) in \(settings.region)" }

    private func send(
        _ operation: String, _ body: JSONValue, _ credentials: AWSCredentials
    ) async throws(SourceFault) -> ServiceReply {
        let address = try settings.address(of: service)
        let time = AWSTime.basic(around.unixSeconds())
        var headers = [
            ("host", address.authority), ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", time), ("x-amz-target", "\(target).\(operation)"),
        ]
        if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token.reveal())) }
        var request = ServiceRequest(.post, "\(address)/")
        request.body = body.encoded
        var signed = SignatureV4.Request(method: "POST", headers: headers.map { (name: $0.0, value: $0.1) })
        signed.body = request.body
        let signature = SignatureV4(
            signed, credentials: credentials, region: settings.region, service: service.rawValue, time: time)
        // The client writes Host itself, from the URL.
        request.headers = headers.dropFirst().map { (name: $0.0, value: $0.1) }
        request.headers.append((name: "authorization", value: signature.authorization))
        return try await transport.send(request)
    }

    // MARK: faults

    private func fault(_ reply: ServiceReply, _ what: String) -> SourceFault {
        let type = Self.errorType(reply)
        let told = type.map { " (\($0))" } ?? ""
        switch type {
        case "AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "IncompleteSignature", "MissingAuthenticationTokenException", "InvalidClientTokenId",
            "ExpiredTokenException",
            "RequestExpired", "OptInRequired":
            return SourceFault(
                .denied,
                "\(name) refused \(what)\(told); give the role this action on this resource, and see that credentials, region "
                    + "and the machine's clock are right")
        case "ResourceNotFoundException", "NotFoundException":
            return SourceFault(
                .missing, "\(name) has nothing for \(what)\(told); correct the name, the version or the region")
        case "InvalidCiphertextException", "IncorrectKeyException", "InvalidRequestException", "DisabledException",
            "KMSInvalidStateException", "DecryptionFailure", "InvalidKeyUsageException", "ValidationException",
            "InvalidParameterException":
            return SourceFault(.unusable, "\(name) could not do \(what)\(told); see key, state and encryption context")
        default: break
        }
        switch reply.status {
        case 401, 403: return SourceFault(.denied, "\(name) refused \(what) (\(reply.status))\(told)")
        case 404: return SourceFault(.missing, "\(name) has nothing for \(what) (404)\(told)")
        case 300..<400:
            return SourceFault(
                .notConfigured, "\(name) redirects, which is not followed; name the endpoint of the region")
        default: return SourceFault(.unavailable, "\(name) answered \(reply.status) to \(what)\(told)")
        }
    }

    /// The name of the fault; AWS writes a name space before it, and sometimes a URL behind it.
    static func errorType(_ reply: ServiceReply) -> String? {
        guard reply.status != 200, let object = (try? JSONValue(parsing: reply.body))?.objectValue,
            let text = (object["__type"] ?? object["code"])?.stringValue
        else { return nil }
        let name = (text.split(separator: "#").last ?? "").prefix { $0 != ":" }
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."): true
            default: false
            }
        }
        return isName && (1...80).contains(name.utf8.count) ? String(name) : nil
    }

    /// These services say "slow down" as 400 with a name.
    private static func isThrottled(_ reply: ServiceReply) -> Bool {
        guard reply.status == 400, let type = errorType(reply) else { return false }
        return ["ThrottlingException", "TooManyRequestsException", "LimitExceededException", "RequestLimitExceeded"]
            .contains(type)
    }

    private static func saysExpired(_ reply: ServiceReply) -> Bool {
        ["ExpiredTokenException", "ExpiredToken", "RequestExpired", "UnrecognizedClientException"]
            .contains(errorType(reply))
    }
}
