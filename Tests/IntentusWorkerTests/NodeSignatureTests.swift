import Identity
import IdentityFixtures
import IntentProtocol
import IntentusClient
import Synchronization
import Testing

@testable import IntentusWorker

@Suite("Registrations that are signed")
struct NodeSignatureTests {
    private static let secret = "a secret of 32 bytes and some more"
    private static let credentials = NodeCredentials(nodeId: "worker-1", secret: secret)

    private static func value(_ name: String, _ lines: [UInt8]) -> String? {
        String(decoding: lines, as: UTF8.self).split(separator: "\r\n").first { $0.hasPrefix(name) }
            .flatMap { $0.split(separator: " ").last }.map { String($0) }
    }

    @Test("no two signatures are of one second, whatever the clock says, and no two gateways get the same")
    func distinct() {
        let now = Mutex<Int64>(1_000)
        let (first, second) = (
            NodeSignatures(Self.credentials, place: 0, unixSeconds: { now.withLock { $0 } }),
            NodeSignatures(Self.credentials, place: 1, unixSeconds: { now.withLock { $0 } })
        )
        func time(_ signatures: NodeSignatures) -> String? {
            Self.value(NodeSignature.Header.timestamp, signatures.signed([1]).headerLines)
        }
        #expect((0..<3).map { _ in time(first) } == ["1000", "1001", "1002"])
        #expect(time(second) == "1000")
        now.withLock { $0 = 2_000 }
        #expect(time(first) == "2000")
        now.withLock { $0 = 10 }
        #expect(time(first) == "2001")
        now.withLock { $0 = 3_000 }
        let both = [first, second].map { $0.signed(Array("{}".utf8)) }
        #expect(both.map { String(decoding: $0.body, as: UTF8.self) } == ["{}", "{} "])
        let signatures = both.map { Self.value(NodeSignature.Header.signature, $0.headerLines) }
        #expect(Set(signatures).count == 2 && !signatures.contains(nil))
    }

    @Test("a worker signs its registration and each renewal, and a gateway's check takes them")
    func signed() async throws {
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.node = Self.credentials
        let script: TLSGateway.Script = [(201, #"{"status":"registered","renewAfterSeconds":0}"#)]
        try await TLSGateway.run(nil, script) { gateway, port in
            configuration.gateways = ["http://127.0.0.1:\(port)"]
            try await RunningWorker.with(configuration) { worker in
                worker.onRaw("GreetIntent") { _, _ in .success("hello") }
            } _: { _ in
                #expect(await eventually { gateway.requests.count >= 3 })
            }
            // The last one is that of leaving, over no body.
            let requests = gateway.requests
            #expect(requests.last?.method == "DELETE")
            var signatures = Set<[UInt8]>()
            for request in requests {
                #expect(request.authorization == nil)
                #expect(request.nodeId.map { String(decoding: $0, as: UTF8.self) } == "worker-1")
                let seconds = try #require(
                    request.nodeTime.flatMap { Int64(String(decoding: $0, as: UTF8.self)) })
                let expected = NodeSignature(
                    signing: request.body, nodeId: "worker-1", secret: Secret(Self.secret), unixSeconds: seconds)
                #expect(request.nodeSignature.map { String(decoding: $0, as: UTF8.self) } == expected.signature)
                signatures.insert(request.nodeSignature ?? [])
            }
            #expect(signatures.count == requests.count, "each is taken once")
        }
    }

    @Test("a name that cannot stand in a header is told before the worker listens")
    func name() throws {
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.node = NodeCredentials(nodeId: "two words", secret: "x")
        let error = #expect(throws: WorkerConfigurationError.self) {
            try configuration.check([HandlerTable.Key(intent: "GreetIntent", version: "1.0")])
        }
        #expect(error.map { "\($0)".contains("WorkerConfiguration.node") } == true)
    }
}
