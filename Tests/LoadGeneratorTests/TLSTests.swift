import DevelopmentAuthority
import Foundation
import GatewayHTTP
import IdentityFixtures
import IntentusClient
import LoadGenerator
import Testing

/// Who the generator is to a gateway.
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
}
