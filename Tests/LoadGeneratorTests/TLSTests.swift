import DevelopmentAuthority
import Foundation
import GatewayHTTP
import IdentityFixtures
import IntentProtocol
import IntentusClient
import LoadGenerator
import Testing

/// Who the generator is to a gateway, and what it seals.
@Suite("Identities of the generator", .serialized)
struct TLSTests {
    private static let principal = "cluster.local/ns/default/sa/gateway"

    private func plan(_ port: Int, _ tls: GatewayTLS) throws -> LoadPlan {
        var plan = try Plans.steady(["http://127.0.0.1:1"], rate: 100, seconds: 0.3)
        plan.targets = [
            try LoadPlan.Target(
                name: "tls", gateway: "https://127.0.0.1:\(port)", principal: tls.gatewayPrincipal, weight: 1)
        ]
        plan.tls = try GatewayConnections.secured(tls)
        plan.connections = 4
        return plan
    }

    @Test("mutual TLS: our certificate is shown, the gateway must be who it should be")
    func mutual() async throws {
        let files = try IssuedFiles()
        let client = try files.issue("default/load")
        let listener = try files.listener(try files.issue("default/gateway"), clients: .require)
        var tls = GatewayTLS()
        tls.trustBundleFiles = [files.bundle]
        tls.certificateFile = client.certificateFile
        tls.keyFile = client.keyFile
        tls.gatewayPrincipal = Self.principal
        let good = tls
        try await TLSGateway.run(listener, [(200, "{}")]) { gateway, port in
            let result = try await Plans.result(try plan(port, good))
            #expect(result.total.ok == 30 && gateway.requests.count == 30)
            #expect(gateway.requests.allSatisfy { $0.certificate != nil })
            var other = good
            other.gatewayPrincipal = "cluster.local/ns/default/sa/other"
            let wrong = try plan(port, other)
            await #expect(throws: LoadFault.self) { try await LoadRun(wrong).run() }
            #expect(gateway.requests.count == 30, "something was sent to another service")
        }
    }

    @Test("each sealed request is another one, nothing of it is in clear, and a result in clear is none")
    func sealed() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ring-\(UUID().uuidString).json").path
        try #"{"keys": [{"id": "a", "key": "\#(String(repeating: "5a", count: 32))"}]}"#.write(
            toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let success = #"{"version":"1.0","status":"success","payload":{"ok":true},"metadata":{},"error":null}"#
        try await TestServer.run {
            $0.number < 10 ? .status(200, success) : .status(401, #"{"error":{"code":"UNAUTHORIZED"}}"#)
        } during: { server in
            var plan = try Plans.steady([server.url], rate: 100, seconds: 0.2)
            plan.sealing = EnvelopeSealing(keys: try EnvelopeKeys(file: path))
            let result = try await Plans.result(plan)
            let names = Dictionary(uniqueKeysWithValues: result.outcomes.map { ($0.name, $0.count) })
            #expect(names == ["unopened": 10, "401 UNAUTHORIZED": 10])
            let bodies = server.texts.compactMap { $0.components(separatedBy: "\r\n\r\n").last }
            #expect(bodies.count == 20 && Set(bodies).count == 20)
            #expect(bodies.allSatisfy { !$0.contains(#""a":1"#) && !$0.contains("sourceAgent") })
        }
    }
}
