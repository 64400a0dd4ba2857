import IntentProtocol

/// Where credentials of AWS come from: the first place that the environment names, and no other.
///
/// A place that is named and fails is an error, not a reason to try the next one: the next one is another identity. The
/// instance's metadata is never asked: its role is the machine's, not this service's.
struct AWSCredentialChain: Sendable {
    enum Place: Sendable, Equatable {
        case environment
        case profile(String)
        case webIdentity(tokenFile: String, role: String, session: String)
        case container(url: String)
    }

    private let settings: AWSSettings
    private let transport: any ServiceTransport
    private let local: LocalSecrets
    private let around: SecretSurroundings

    init(_ settings: AWSSettings, transport: any ServiceTransport, local: LocalSecrets) {
        self.settings = settings
        self.transport = transport
        self.local = local
        around = local.around
    }

    func fetch() async throws(SourceFault) -> AWSCredentials {
        let place = try place()
        let credentials: AWSCredentials
        switch place {
        case .environment: credentials = try environment()
        case .profile(let name): credentials = try AWSProfile.read(name, local)
        case .webIdentity(let file, let role, let session):
            credentials = try await webIdentity(file, role, session)
        case .container(let url): credentials = try await container(url)
        }
        around.note(.awsCredentialsInForce(from: place.description))
        return credentials
    }

    /// The order of Amazon's own clients, without the instance's metadata.
    func place() throws(SourceFault) -> Place {
        let variable = around.variable
        if settings.profile == nil, variable("AWS_ACCESS_KEY_ID") != nil || variable("AWS_SECRET_ACCESS_KEY") != nil {
            return .environment
        }
        if let profile = settings.profile ?? variable("AWS_PROFILE") { return .profile(profile) }
        if let file = variable("AWS_WEB_IDENTITY_TOKEN_FILE") {
            guard let role = variable("AWS_ROLE_ARN") else {
                throw SourceFault(
                    .notConfigured, "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not; set both")
            }
            return .webIdentity(
                tokenFile: file, role: role, session: variable("AWS_ROLE_SESSION_NAME") ?? "intentusnet")
        }
        if AWSProfile.exists(local) { return .profile("default") }
        if let url = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") { return .container(url: url) }
        if let path = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard path.hasPrefix("/") else {
                throw SourceFault(.notConfigured, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with a slash")
            }
            return .container(url: "http://169.254.170.2\(path)")
        }
        throw SourceFault(
            .notConfigured,
            "there are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a service account with a "
                + "role (AWS_WEB_IDENTITY_TOKEN_FILE), or a pod identity (AWS_CONTAINER_CREDENTIALS_FULL_URI)")
    }

    private func environment() throws(SourceFault) -> AWSCredentials {
        try AWSCredentials(
            checking: around.variable("AWS_ACCESS_KEY_ID"), around.variable("AWS_SECRET_ACCESS_KEY"),
            around.variable("AWS_SESSION_TOKEN"), from: "the environment")
    }

    // MARK: a service account with a role (IRSA)

    private func webIdentity(
        _ file: String, _ role: String, _ session: String
    ) async throws(SourceFault) -> AWSCredentials {
        // Read each time: the kubelet replaces the token within its hour.
        let token = try word(in: file, "AWS_WEB_IDENTITY_TOKEN_FILE")
        let address = try settings.address(of: .securityTokens)
        var request = ServiceRequest(.post, "\(address)/")
        request.headers = [("content-type", "application/x-www-form-urlencoded")]
        let fields = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", session), ("WebIdentityToken", token),
        ]
        request.body = Array(fields.map { "\($0.0)=\(PercentEncoding.encoded($0.1))" }.joined(separator: "&").utf8)
        let reply = try await RetryingTransport(inner: transport, around: around).send(request)
        guard reply.status == 200 else {
            let code = SecurityTokenAnswer.text(of: "Code", in: reply.body)
            let told = code.map { " (\($0))" } ?? ""
            let isOurs = (400..<500).contains(reply.status)
            throw SourceFault(
                isOurs ? .denied : .unavailable,
                "AWS STS answered \(reply.status)\(told) to the role '\(role.prefix(256))'"
                    + (isOurs ? "; see the role's trust policy and the token of the service account" : ""))
        }
        return try SecurityTokenAnswer.credentials(in: reply.body)
    }

    // MARK: the endpoint of containers and pods

    private func container(_ url: String) async throws(SourceFault) -> AWSCredentials {
        let name = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
        // What may be asked is decided by the address; the query is the agent's own business.
        let (base, query) = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).firstTwo
        let address = try ServiceAddress(base, plain: .containerCredentials, named: name)
        guard query?.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") }) ?? true else {
            throw SourceFault(.notConfigured, "\(name) must be a URL")
        }
        var request = ServiceRequest(.get, address.description + (query.map { "?\($0)" } ?? ""))
        request.headers = [("accept", "application/json")]
        if let file = around.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            let token = try word(in: file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
            request.headers.append(("authorization", token))
        } else if let token = around.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            guard token.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
                throw SourceFault(.notConfigured, "AWS_CONTAINER_AUTHORIZATION_TOKEN must be one line of ASCII")
            }
            request.headers.append(("authorization", token))
        }
        let reply = try await RetryingTransport(inner: transport, around: around).send(request)
        let place = "the credentials at \(address)"
        guard reply.status == 200 else {
            let isOurs = (400..<500).contains(reply.status)
            throw SourceFault(isOurs ? .denied : .unavailable, "\(place) were answered \(reply.status)")
        }
        guard let object = (try? JSONValue(parsing: reply.body))?.objectValue else {
            throw SourceFault(.unusable, "\(place) are no JSON object")
        }
        let end = object["Expiration"]?.stringValue
        let seconds = end.flatMap(AWSTime.unixSeconds)
        guard end == nil || seconds != nil else {
            throw SourceFault(.unusable, "\(place) have an Expiration that is no time in UTC")
        }
        return try AWSCredentials(
            checking: object["AccessKeyId"]?.stringValue, object["SecretAccessKey"]?.stringValue,
            object["Token"]?.stringValue, endsAtUnixSeconds: seconds, from: place)
    }

    private func word(in file: String, _ name: String) throws(SourceFault) -> String {
        do throws(SourceFault) {
            let text = String(decoding: try local.contents(of: file), as: UTF8.self)
            let words = text.split(whereSeparator: \.isWhitespace)
            guard words.count == 1, words[0].utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw SourceFault(.unusable, "'\(file)' must hold one word: a token")
            }
            return String(words[0])
        } catch {
            throw SourceFault(error.kind, "\(name): \(error.problem)")
        }
    }
}

extension AWSCredentialChain.Place: CustomStringConvertible {
    var description: String {
        switch self {
        case .environment: "the environment"
        case .profile(let name): "the profile '\(name)'"
        case .webIdentity(_, let role, _): "the role '\(role)' of the service account"
        case .container: "the container's endpoint"
        }
    }
}

extension [Substring] {
    fileprivate var firstTwo: (String, String?) { (String(first ?? ""), count > 1 ? String(self[1]) : nil) }
}
