import IntentProtocol
import RedisFixtures
import Synchronization
import Testing

@testable import Secrets

@Suite("Where AWS credentials come from")
struct AWSCredentialTests {
    private let folder: PrivateFolder
    private let time = ManualTime()

    init() throws {
        folder = try PrivateFolder()
    }

    private func chain(
        _ variables: [String: String], profile: String? = nil, url: String = "http://127.0.0.1:1",
        transport: any ServiceTransport = HTTPTransport(service: "AWS", authorityFile: nil, timeoutMilliseconds: 2_000)
    ) throws -> AWSCredentialChain {
        AWSCredentialChain(
            try .local(url, profile: profile), transport: transport, local: LocalSecrets(time.surroundings(variables)))
    }

    private func found(_ chain: AWSCredentialChain) async -> SourceFault? {
        await fault { () async throws(SourceFault) in try await chain.fetch() }
    }

    @Test("the first place that the environment names, in the order of Amazon's own clients")
    func order() throws {
        var variables = [
            "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B", "AWS_PROFILE": "p",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/t",
            "AWS_ROLE_ARN": "arn:r", "AWS_SHARED_CREDENTIALS_FILE": try folder.write("c", "[default]\n"),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/x", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/y",
        ]
        func place() throws -> AWSCredentialChain.Place { try chain(variables).place() }
        #expect(try place() == .environment)
        #expect(try chain(variables, profile: "q").place() == .profile("q"))
        variables["AWS_ACCESS_KEY_ID"] = nil
        variables["AWS_SECRET_ACCESS_KEY"] = ""
        #expect(try place() == .profile("p"))
        variables["AWS_PROFILE"] = nil
        #expect(try place() == .webIdentity(tokenFile: "/t", role: "arn:r", session: "intentusnet"))
        variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = nil
        #expect(try place() == .profile("default"))
        variables["AWS_SHARED_CREDENTIALS_FILE"] = folder.file("none")
        #expect(try place() == .container(url: "http://127.0.0.1/x"))
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = nil
        #expect(try place() == .container(url: "http://169.254.170.2/y"))
        variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = nil
        #expect(throws: SourceFault.self) { try place() }
    }

    @Test("a place that is named and fails is an error: the next one would be another identity")
    func noFallThrough() async throws {
        let credentials = try folder.write("c", "[default]\naws_access_key_id = A\naws_secret_access_key = B\n")
        let half = ["AWS_ACCESS_KEY_ID": "A", "AWS_SHARED_CREDENTIALS_FILE": credentials]
        #expect(await found(try chain(half))?.kind == .notConfigured)
        let identity = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token", "AWS_ROLE_ARN": "arn:r",
            "AWS_SHARED_CREDENTIALS_FILE": credentials,
        ]
        #expect(await found(try chain(identity))?.problem.contains("AWS_WEB_IDENTITY_TOKEN_FILE") == true)
    }

    @Test("a profile of the shared file")
    func profiles() async throws {
        let file = try folder.write(
            "c",
            """
            # a comment
            [default]
            aws_access_key_id = AKIADEFAULT
            aws_secret_access_key=d/e+f==
            [ other ]
            AWS_ACCESS_KEY_ID=AKIAOTHER
            aws_secret_access_key = s
            aws_session_token = t=
            [role]
            role_arn = arn:aws:iam::1:role/x
            source_profile = default
            [half]
            aws_access_key_id = AKIAHALF
            """)
        let variables = ["AWS_SHARED_CREDENTIALS_FILE": file]
        let plain = try await chain(variables).fetch()
        #expect(plain == AWSCredentials(accessKeyId: "AKIADEFAULT", secretAccessKey: Secret("d/e+f==")))
        let other = try await chain(variables, profile: "other").fetch()
        #expect(other.accessKeyId == "AKIAOTHER" && other.sessionToken?.reveal() == "t=")
        for (profile, word) in [("role", "role_arn"), ("half", "secret access key"), ("none", "no profile [none]")] {
            let found = await found(try chain(variables, profile: profile))
            #expect(found?.kind == .notConfigured && found?.problem.contains(word) == true, "\(found?.problem ?? "")")
        }
    }

    @Test("a pod's identity, by the token in its file")
    func container() async throws {
        let server = try await ScriptedServer { request in
            guard request.headers["authorization"] == "pod-token", request.target == "/v1/credentials?x=1" else {
                return .reply(401, "{}")
            }
            return .reply(
                200,
                #"{"AccessKeyId":"ASIAPOD","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-28T07:00:00Z","AccountId":"1"}"#
            )
        }
        let file = try folder.write("token", "pod-token\n")
        let url = "http://127.0.0.1:\(server.port)/v1/credentials?x=1"
        var variables = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file]
        let credentials = try await chain(variables).fetch()
        #expect(credentials.accessKeyId == "ASIAPOD" && credentials.sessionToken?.reveal() == "t")
        #expect(credentials.endsAtUnixSeconds == AWSTime.unixSeconds("2026-11-28T07:00:00Z"))
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = nil
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "pod-token"
        #expect(try await chain(variables).fetch().accessKeyId == "ASIAPOD")
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "wrong"
        #expect(await found(try chain(variables))?.kind == .denied)
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "pod-token\r\nx: y"
        #expect(await found(try chain(variables))?.kind == .notConfigured)
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://credentials.example/"
        #expect(await found(try chain(variables))?.problem.contains("hands no credentials") == true)
        await server.close()
    }

    @Test(
        "answers of STS that are none are refused",
        arguments: [
            "", "{}", "<Credentials></Credentials>",
            "<!DOCTYPE x><Credentials><AccessKeyId>A</AccessKeyId></Credentials>",
            "<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><Expiration>soon</Expiration></Credentials>",
            "<Credentials><AccessKeyId>A</AccessKeyId><Expiration>2026-11-28T07:00:00Z</Expiration></Credentials>",
            "<Credentials><AccessKeyId>A</AccessKeyId><AccessKeyId>B</AccessKeyId><SecretAccessKey>s</SecretAccessKey><Expiration>2026-11-28T07:00:00Z</Expiration></Credentials>",
            "<Credentials><AccessKeyId>A&x;</AccessKeyId><SecretAccessKey>s</SecretAccessKey><Expiration>2026-11-28T07:00:00Z</Expiration></Credentials>",
        ])
    func rubbish(_ body: String) async throws {
        let variables = ["AWS_WEB_IDENTITY_TOKEN_FILE": try folder.write("t", "a.b.c"), "AWS_ROLE_ARN": "arn:r"]
        let transport = ScriptedTransport { _ in .success(ServiceReply(200, body)) }
        #expect(await found(try chain(variables, transport: transport)) != nil)
    }

    @Test("STS refuses: the code is told, and nothing of the token")
    func denied() async throws {
        let variables = ["AWS_WEB_IDENTITY_TOKEN_FILE": try folder.write("t", "a.b.c"), "AWS_ROLE_ARN": "arn:r"]
        let transport = ScriptedTransport { _ in
            .success(ServiceReply(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"))
        }
        let found = await found(try chain(variables, transport: transport))
        #expect(found?.kind == .denied && found?.problem.contains("(AccessDenied)") == true)
        #expect(found?.problem.contains("a.b.c") == false)
        let sent = String(decoding: try #require(transport.requests.first).body, as: UTF8.self)
        #expect(sent.hasPrefix("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Ar&"))
        #expect(sent.hasSuffix("&WebIdentityToken=a.b.c"))
    }

    @Test("temporary credentials are had anew before their end, once for all, and serve until it when that fails")
    func renewal() async throws {
        let fetches = Mutex(0)
        let isDown = Mutex(false)
        let time = time
        let holder = AWSCredentialHolder(time.surroundings()) { () async throws(SourceFault) in
            let count = fetches.withLock { count in
                count += 1
                return count
            }
            guard !isDown.withLock({ $0 }) else { throw SourceFault(.unavailable, "away") }
            return AWSCredentials(
                accessKeyId: "A\(count)", secretAccessKey: Secret("s"), endsAtUnixSeconds: time.unixSeconds + 3_600)
        }
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await holder.current().accessKeyId } }
            for try await id in group { #expect(id == "A1") }
        }
        time.advance(seconds: 3_299)
        #expect(try await holder.current().accessKeyId == "A1")
        isDown.withLock { $0 = true }
        time.advance(seconds: 1)
        for _ in 0..<3 { #expect(try await holder.current().accessKeyId == "A1") }
        #expect(fetches.withLock { $0 } == 2)
        #expect(time.events == [.awsCredentialsTrouble("away")])
        time.advance(seconds: 300)
        #expect(await fault { () async throws(SourceFault) in try await holder.current() }?.problem == "away")
        isDown.withLock { $0 = false }
        #expect(try await holder.current().accessKeyId == "A4")
    }
}
