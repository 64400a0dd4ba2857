import DevelopmentAuthority
import Foundation
import GatewayHTTP
import Identity
import IdentityFixtures
import IntentProtocol
import IntentusClient
import RedisFixtures
import Synchronization
import Testing

@testable import IntentusWorker

/// Whom a worker answers by TLS, and what it shows of itself.
@Suite("The identities of worker and gateway", .serialized)
struct WorkerIdentityTests {
    private static let gateway = "cluster.local/ns/default/sa/gateway"
    private static let accepted: TLSGateway.Script = [(201, #"{"status":"registered","renewAfterSeconds":1}"#)]

    private static func configuration(
        _ files: IssuedFiles, _ callers: WorkerTLS.Callers
    ) throws -> (WorkerConfiguration, AuthorityFolder.Issued) {
        let shown = try files.issue("agents/greeter")
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.tls = WorkerTLS(
            certificateFile: shown.certificateFile, keyFile: shown.keyFile, trustBundleFiles: [files.bundle],
            callers: callers)
        return (configuration, shown)
    }

    /// What a gateway gets from the worker at a port; nil when there is no answer.
    private static func call(
        _ port: Int, trusting files: IssuedFiles, showing client: AuthorityFolder.Issued?,
        expecting principal: String = "cluster.local/ns/agents/sa/greeter"
    ) async throws -> AgentResponse? {
        var tls = GatewayTLS()
        tls.trustBundleFiles = [files.bundle]
        tls.gatewayPrincipal = principal
        tls.certificateFile = client?.certificateFile
        tls.keyFile = client?.keyFile
        let connections = try GatewayConnections(tls, limits: UpstreamLimits())
        let address = try #require(GatewayAddress("https://127.0.0.1:\(port)"))
        let answer = try? await connections.call(
            address, .post, "/execute-agent", body: Requests.frame(), headerLines: [], withinMilliseconds: 5_000)
        await connections.shutDown()
        return answer.map { Requests.answer($0.body) }
    }

    /// Runs a worker that counts what it handles.
    private static func run(
        _ configuration: WorkerConfiguration,
        _ body: (RunningWorker, _ handled: @Sendable () -> Int) async throws -> Void
    ) async throws {
        let handled = Counted()
        try await RunningWorker.with(configuration) { worker in
            worker.onRaw("GreetIntent") { _, _ in
                handled.count.withLock { $0 += 1 }
                return .success("hello")
            }
        } _: { worker in
            try await body(worker) { handled.count.withLock { $0 } }
        }
    }

    private final class Counted: Sendable {
        let count = Mutex(0)
    }

    @Test("answers the services that it was told of, and shows them which service it is")
    func admitted() async throws {
        let files = try IssuedFiles()
        let principals = WorkerTLS.Callers.principals(["cluster.local/ns/default/sa/other", Self.gateway])
        try await Self.run(Self.configuration(files, principals).0) { worker, handled in
            let gateway = try files.issue("default/gateway")
            let answer = try await Self.call(worker.port, trusting: files, showing: gateway)
            #expect(answer?.payload == "hello")
            #expect(handled() == 1)
            // And is not called as another.
            #expect(
                try await Self.call(
                    worker.port, trusting: files, showing: gateway, expecting: "cluster.local/ns/agents/sa/other")
                    == nil)
            #expect(handled() == 1)
        }
    }

    @Test("a caller whose certificate ends is answered until then, and no longer, on the connection that it has")
    func callerEnds() async throws {
        let files = try IssuedFiles()
        try await Self.run(Self.configuration(files, .principals([Self.gateway])).0) { worker, handled in
            let gateway = try files.issue("default/gateway", lifetimeSeconds: 3)
            var command = ["python3", "-c", Self.twoRequests, "\(worker.port)", files.bundle]
            command += [gateway.certificateFile, gateway.keyFile, String(decoding: Requests.frame(), as: UTF8.self)]
            let statuses = try SpawnedProcess.run(command, in: files.folder, withinMilliseconds: 30_000)
            #expect(statuses == "200\n401\n")
            #expect(handled() == 1)
        }
    }

    /// Sends a request, and again when its certificate has ended.
    private static let twoRequests = """
        import socket, ssl, sys, time
        port, bundle, certificate, key, body = sys.argv[1:]
        context = ssl.create_default_context(cafile=bundle)
        context.check_hostname = False
        context.load_cert_chain(certificate, key)
        request = f"POST /execute-agent HTTP/1.1\\r\\nhost: a\\r\\ncontent-type: application/json\\r\\ncontent-length: {len(body)}\\r\\n\\r\\n{body}"
        with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as plain:
            with context.wrap_socket(plain) as connection:
                for _ in range(2):
                    connection.sendall(request.encode())
                    print(connection.recv(65536).split()[1].decode())
                    time.sleep(4 if _ == 0 else 0)
        """

    @Test("answers no other service, nobody without a certificate, no stranger and nothing in plain text")
    func refused() async throws {
        let (files, others) = (try IssuedFiles(), try IssuedFiles())
        try await Self.run(Self.configuration(files, .principals([Self.gateway])).0) { worker, handled in
            for client in [try files.issue("default/gateway2"), try others.issue("default/gateway"), nil] {
                #expect(try await Self.call(worker.port, trusting: files, showing: client) == nil)
            }
            let plain = try? await worker.post(Requests.frame())
            #expect(plain == nil || plain?.status != 200)
            #expect(handled() == 0)
        }
    }

    @Test("a certificate that has ended opens nothing")
    func expired() async throws {
        // Ten minutes old and made for five; shown by OpenSSL, for our own client would not take it up.
        let files = try IssuedFiles(ageSeconds: 600)
        let ended = try files.issue("default/gateway", lifetimeSeconds: 300)
        let current = try files.issue("default/gateway-2", lifetimeSeconds: 7_200)
        let callers = WorkerTLS.Callers.principals([Self.gateway, Self.gateway + "-2"])
        var configuration = try Self.configuration(files, callers).0
        let shown = try files.issue("agents/greeter", lifetimeSeconds: 7_200)
        configuration.tls?.certificateFile = shown.certificateFile
        try await Self.run(configuration) { worker, handled in
            for (client, status) in [(ended, nil), (current, 200)] {
                let code = try? Curl.status(
                    of: "https://greeter:\(worker.port)/health", port: worker.port, trusting: files, showing: client)
                #expect(code == status)
            }
            #expect(handled() == 0)
        }
    }

    @Test("PERMISSIVE takes plain text beside TLS, and asks callers by TLS all the same")
    func permissive() async throws {
        let files = try IssuedFiles()
        var configuration = try Self.configuration(files, .principals([Self.gateway])).0
        configuration.tls?.mode = .permissive
        try await Self.run(configuration) { worker, _ in
            #expect(try await worker.post(Requests.frame()).response.payload == "hello")
            let gateway = try files.issue("default/gateway")
            #expect(try await Self.call(worker.port, trusting: files, showing: gateway)?.payload == "hello")
            let other = try files.issue("default/other")
            #expect(try await Self.call(worker.port, trusting: files, showing: other) == nil)
        }
    }

    @Test("may be told to answer whoever its authority vouches for, or anyone")
    func wider() async throws {
        let (files, others) = (try IssuedFiles(), try IssuedFiles())
        try await Self.run(Self.configuration(files, .trusted).0) { worker, _ in
            let any = try files.issue("default/any")
            #expect(try await Self.call(worker.port, trusting: files, showing: any)?.payload == "hello")
            for client in [try others.issue("default/any"), nil] {
                #expect(try await Self.call(worker.port, trusting: files, showing: client) == nil)
            }
        }
        try await Self.run(Self.configuration(files, .anyone).0) { worker, _ in
            let answer = try await Self.call(worker.port, trusting: files, showing: nil)
            #expect(answer?.payload == "hello")
        }
    }

    @Test("registers by https with its certificate, at the expected gateway alone, and names an https address")
    func registration() async throws {
        let files = try IssuedFiles()
        var (configuration, shown) = try Self.configuration(files, .principals([Self.gateway]))
        var tls = GatewayTLS()
        tls.trustBundleFiles = [files.bundle]
        tls.certificateFile = shown.certificateFile
        tls.keyFile = shown.keyFile
        tls.gatewayPrincipal = Self.gateway
        let listener = try files.listener(try files.issue("default/gateway"), clients: .require)
        let stranger = try files.listener(try files.issue("default/other"), clients: .require)
        try await TLSGateway.run(listener, Self.accepted) { gateway, port in
            try await TLSGateway.run(stranger, Self.accepted) { other, otherPort in
                configuration.gateways = ["https://127.0.0.1:\(port)", "https://127.0.0.1:\(otherPort)"]
                configuration.gatewayTLS = tls
                try await Self.run(configuration) { worker, _ in
                    #expect(await eventually { gateway.requests.contains { $0.method == "PUT" } })
                    let request = try #require(gateway.requests.first)
                    let body = try JSONValue(parsing: request.body).objectValue
                    #expect(body?["url"] == .string("https://127.0.0.1:\(worker.port)/execute-agent"))
                    let facts = try CertificateFactsReader().facts(der: try #require(request.certificate))
                    #expect(facts.uris == [Array("spiffe://cluster.local/ns/agents/sa/greeter".utf8)])
                    #expect(await eventually { worker.log.all.contains("not registered (it cannot be reached)") })
                }
                #expect(gateway.requests.contains { $0.method == "DELETE" })
                #expect(other.requests.isEmpty)
            }
        }
    }

    @Test("puts a new certificate in force while it runs")
    func rotation() async throws {
        let files = try IssuedFiles()
        let (configuration, shown) = try Self.configuration(files, .principals([Self.gateway]))
        try await Self.run(configuration) { worker, _ in
            let gateway = try files.issue("default/gateway")
            #expect(try await Self.call(worker.port, trusting: files, showing: gateway) != nil)
            let fresh = try files.issue("agents/renamed")
            for (from, to) in [
                (fresh.certificateFile, shown.certificateFile), (fresh.keyFile, shown.keyFile),
            ] { try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to)) }
            let deadline = ContinuousClock.now + .seconds(20)
            var answer: AgentResponse?
            while answer == nil, ContinuousClock.now < deadline {
                answer = try await Self.call(
                    worker.port, trusting: files, showing: gateway, expecting: "cluster.local/ns/agents/sa/renamed")
            }
            #expect(answer?.payload == "hello")
            #expect(await eventually { worker.log.all.contains("certificates in force") })
        }
    }

    /// A change to a configuration that is good, and words of the message about it.
    static let faults: [(@Sendable (inout WorkerConfiguration) -> Void, String)] = [
        ({ $0.tls?.keyFile = "/nowhere.key" }, "'/nowhere.key' cannot be read"),
        ({ $0.tls?.trustBundleFiles = [] }, "WorkerTLS.trustBundleFiles must name"),
        ({ $0.tls?.callers = .principals([]) }, "WorkerTLS.callers names nobody"),
        ({ $0.tls?.callers = .principals(["gateway"]) }, "WorkerTLS.callers must be a principal"),
        ({ $0.tls?.callers = .principals(["a/ns/b/sa/c", "b/ns/b/sa/c"]) }, "of one trust domain"),
        (
            {
                $0.gatewayTLS = GatewayTLS(); $0.gatewayTLS?.gatewayPrincipal = "a/b"
            }, "needs trustBundleFiles"
        ),
        ({ $0.advertisedURL = "http://greeter:80/" }, "must be https://host:port/path"),
    ]

    @Test("does not start with certificates or principals that cannot be used", arguments: faults.indices)
    func badConfiguration(_ index: Int) async throws {
        let files = try IssuedFiles()
        var configuration = try Self.configuration(files, .principals([Self.gateway])).0
        Self.faults[index].0(&configuration)
        let worker = IntentusWorker(configuration, logger: LogLines().logger)
        worker.onRaw("GreetIntent") { _, _ in .success(1) }
        let error = await #expect(throws: WorkerConfigurationError.self) { try await worker.run() }
        #expect(error?.description.contains(Self.faults[index].1) == true, "\(String(describing: error))")
    }
}
