import Authorization
import Documents
import Foundation
import IntentProtocol

/// What a decision by Istio's policies costs where a hundred rules are in force.
enum AuthorizationCosts {
    private static let rulesCount = 100

    /// One policy; each of its rules names a service of its own, in the words given.
    private static func policy(_ action: String, _ rule: (Int) -> String) -> String {
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: \(action.lowercased()), namespace: default }
        spec:
          action: \(action)
          rules:
        \((0..<rulesCount).map { "  - { \(rule($0)) }" }.joined(separator: "\n"))
        """
    }

    private static func compile(_ texts: String...) -> CompiledAuthorization {
        let found = Diagnostics()
        guard
            let documents = AuthorizationLoader.load(
                [("policies.yaml", texts.joined(separator: "\n---\n"))], defaultNamespace: "default", into: found)
        else {
            print(found.sorted.map(\.description).joined(separator: "\n"))
            exit(2)
        }
        return CompiledAuthorization(documents, mesh: MeshSettings(), workload: Workload(namespace: "default"))
    }

    private static func request(_ service: String) -> AuthorizationRequest {
        AuthorizationRequest(
            principal: PeerPrincipal("cluster.local/ns/default/sa/\(service)"),
            sourceAddress: NetworkAddress("10.1.2.3"),
            remoteAddress: NetworkAddress("10.1.2.3"), destinationAddress: NetworkAddress("10.20.30.40"),
            destinationPort: 8_443, method: Array("POST".utf8)[...], target: Array("/api/v1/intent".utf8)[...],
            host: Array("gateway.default".utf8)[...])
    }

    /// - Parameter expected: what the decision has to be, or the figure is of something else.
    private static func measurement(
        _ name: String, _ policies: CompiledAuthorization, _ request: AuthorizationRequest, allowed expected: Bool,
        atMost nanosecondsMax: Double? = nil
    ) -> Measurement {
        guard policies.evaluate(request).isAllowed == expected else {
            print("'\(name)' decides otherwise than it should")
            exit(2)
        }
        return Measurement(name, atMost: nanosecondsMax) { policies.evaluate(request).isAllowed ? 1 : 0 }
    }

    static func measure() -> [Measurement] {
        let services = compile(
            policy("ALLOW") {
                "from: [{ source: { principals: ['cluster.local/ns/default/sa/service-\($0)'] } }], "
                    + "to: [{ operation: { methods: [POST], paths: ['/api/v1/intent'] } }]"
            })
        // The uncommon case, of which nothing is promised: prefixes and blocks of addresses, where no table of whole values helps.
        let patterns = compile(
            policy("DENY") {
                "from: [{ source: { ipBlocks: ['10.9.\($0).0/24'] } }], to: [{ operation: { paths: ['/admin/*'] } }]"
            },
            policy("ALLOW") {
                "from: [{ source: { principals: ['cluster.local/ns/default/sa/service-\($0)*'] } }], "
                    + "to: [{ operation: { methods: [POST], paths: ['/api/*'] } }]"
            })
        let (last, stranger) = (request("service-\(rulesCount - 1)"), request("stranger"))
        return [
            measurement(
                "authorize: the last of \(rulesCount) rules allows", services, last, allowed: true, atMost: 1_000),
            measurement(
                "authorize: none of \(rulesCount) rules does", services, stranger, allowed: false, atMost: 1_000),
            measurement("authorize: the last of 2 × \(rulesCount) patterns", patterns, last, allowed: true),
            measurement("authorize: none of 2 × \(rulesCount) patterns", patterns, stranger, allowed: false),
        ]
    }
}
