import IntentusClient
import Testing

@testable import IntentusWorker

@Suite("The configuration of a worker")
struct WorkerConfigurationTests {
    private typealias Key = HandlerTable.Key

    /// One change to a configuration that is good, and how the message about it begins.
    struct Fault: Sendable, CustomTestStringConvertible {
        let place: String
        let remedy: String
        let change: @Sendable (inout WorkerConfiguration) -> Void
        var testDescription: String { place }
    }

    private static var good: WorkerConfiguration {
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a-1.b_C")
        configuration.gateways = ["http://127.0.0.1:8080/", "https://gateway.example"]
        return configuration
    }

    private static func findings(
        _ configuration: WorkerConfiguration, _ intents: [Key] = [Key(intent: "GreetIntent", version: "1.0")]
    ) -> [String] {
        do throws(WorkerConfigurationError) {
            try configuration.check(intents)
            return []
        } catch {
            return error.findings
        }
    }

    static let faults: [Fault] =
        ["", "a b", "a/b", "é", "a\n", String(repeating: "a", count: 129)].flatMap { name in
            [
                Fault(place: "WorkerConfiguration.name ", remedy: ". _ -") { $0.name = name },
                Fault(place: "WorkerConfiguration.instanceId ", remedy: ". _ -") { $0.instanceId = name },
            ]
        }
        + ["0.0.0.0", "::", "0:0::0", "::ffff:0.0.0.0", ""].map { host in
            Fault(place: "WorkerConfiguration.host ", remedy: "set advertisedURL") { $0.host = host }
        }
        + ["http://0.0.0.0:80/x", "http://[::]:80/x", "HTTP://[0::0]/", "http://[::ffff:0:0]/"].map { url in
            Fault(place: "WorkerConfiguration.advertisedURL ", remedy: "names no host") { $0.advertisedURL = url }
        }
        + [
            "", "worker:80", "https://worker/", "http://", "http:///x", "http://a:0/", "http://a:70000/", "http://u@a/",
            "http://a/?q", "http://a/#f", "http://a/" + String(repeating: "a", count: 512),
        ].map { url in
            Fault(place: "WorkerConfiguration.advertisedURL ", remedy: "http://host:port/path") {
                $0.advertisedURL = url
            }
        }
        + ["", "gateway:8080", "redis://gateway", "http://"].map { url in
            Fault(place: "WorkerConfiguration.gateways[1] ", remedy: "http://host:port") { $0.gateways[1] = url }
        }
        + [
            Fault(place: "WorkerConfiguration.nodeId ", remedy: ". _ -") { $0.nodeId = "a b" },
            Fault(place: "WorkerConfiguration.port ", remedy: "0 to 65535, found 65536") { $0.port = 65_536 },
            Fault(place: "WorkerConfiguration.ttlSeconds ", remedy: "1 to 86400, found 0") { $0.ttlSeconds = 0 },
            Fault(place: "WorkerConfiguration.concurrencyMax ", remedy: "found 0") { $0.concurrencyMax = 0 },
            Fault(place: "WorkerConfiguration.bodyBytesMax ", remedy: "found -1") { $0.bodyBytesMax = -1 },
        ]

    @Test("with a fault is refused with its place and its remedy", arguments: faults)
    func fault(_ fault: Fault) {
        var configuration = Self.good
        fault.change(&configuration)
        let findings = Self.findings(configuration)
        #expect(findings.count == 1 && findings[0].hasPrefix(fault.place), "\(findings)")
        #expect(findings.first?.contains(fault.remedy) == true, "\(findings)")
    }

    @Test("without one is taken")
    func taken() {
        #expect(Self.findings(Self.good).isEmpty)
        var everywhere = Self.good
        everywhere.host = "0.0.0.0"
        everywhere.advertisedURL = "http://worker_1.example:9000/execute-agent"
        everywhere.name = String(repeating: "a", count: 128)
        everywhere.nodeId = ""
        #expect(Self.findings(everywhere).isEmpty)
        everywhere.advertisedURL = "http://[2001:db8::1]:9000"
        #expect(Self.findings(everywhere).isEmpty)
        // Gateways that know the agent by configuration are told nothing.
        everywhere.advertisedURL = nil
        everywhere.gateways = []
        #expect(Self.findings(everywhere).isEmpty)
    }

    @Test("is refused for its intents and versions too, all faults at once")
    func intents() {
        #expect(Self.findings(Self.good, []).first?.contains("found 0: add them by on()") == true)
        let many = (0...256).map { Key(intent: "I\($0)", version: "1.0") }
        #expect(Self.findings(Self.good, many).count == 1 && Self.findings(Self.good, many.dropLast()).isEmpty)
        #expect(Self.findings(Self.good, [Key(intent: "Grüß Intent", version: "*")]).isEmpty)
        let long = String(repeating: "a", count: 257)
        for text in ["", "a\n", "\u{7F}", long] {
            let findings = Self.findings(Self.good, [Key(intent: "I", version: text), Key(intent: text, version: "1")])
            #expect(findings.count == 2 && findings[0].hasPrefix("version ") && findings[1].hasPrefix("intent "))
        }
        #expect(Self.findings(Self.good, [Key(intent: "*", version: "1.0")]).count == 1)
    }

    @Test("with a fault ends the worker before it listens")
    func start() async throws {
        let worker = IntentusWorker(WorkerConfiguration(name: "no name", instanceId: "a")) { port in
            Issue.record("listens on \(port)")
        }
        let error = await #expect(throws: WorkerConfigurationError.self) { try await worker.run() }
        #expect(error?.findings.count == 2)
        #expect(error?.description.hasPrefix("WorkerConfiguration.name must be") == true)
    }
}
