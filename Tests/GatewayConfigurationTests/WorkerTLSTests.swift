import GatewayConfiguration
import Testing

@Suite("TLS to workers in gateway.yaml")
struct WorkerTLSTests {
    private static func read(agent: String, upstream: String) -> GatewayConfiguration.Reading {
        let text = """
            authentication: { anonymous: allow }
            policy: { files: [policy.yaml] }
            routing: { upstream: { \(upstream) } }
            agents:
              - { name: a, intents: [{ name: I }], \(agent) }
            """
        return GatewayConfiguration.read(text, file: "/etc/gateway.yaml")
    }

    private static let bundle = "tls: { trustBundleFiles: [b.pem], certificateFile: c.pem, keyFile: k.pem }"
    private static let https = "instances: [{ url: \"https://worker:8443/execute-agent\" }]"

    @Test("an agent has a principal, and the gateway a certificate and bundles")
    func whole() throws {
        let reading = Self.read(agent: "principal: cluster.local/ns/a/sa/b, \(Self.https)", upstream: Self.bundle)
        let configuration = try #require(reading.configuration)
        #expect(configuration.agents[0].principal == "cluster.local/ns/a/sa/b")
        let tls = configuration.routing.upstream.tls
        #expect(tls.trustBundleFiles == ["/etc/b.pem"] && tls.certificateFile == "/etc/c.pem")
    }

    @Test("registered workers have a principal of their agent's name, by the bundles that vouch for it")
    func registered() throws {
        func read(_ principal: String, _ upstream: String) -> GatewayConfiguration.Reading {
            GatewayConfiguration.read(
                """
                authentication: { anonymous: allow }
                policy: { files: [policy.yaml] }
                routing: { upstream: { \(upstream) } }
                registration: { allow: [{ agents: ["*"], roles: [agent] }], workerPrincipal: "\(principal)" }
                """, file: "/etc/gateway.yaml")
        }
        let template = "cluster.local/ns/agents/sa/{agent}"
        #expect(try #require(read(template, Self.bundle).configuration).registration?.workerPrincipal == template)
        for (principal, upstream, expected) in [
            (template, "", "registration.workerPrincipal needs routing.upstream.tls.trustBundleFiles"),
            ("{agent}", Self.bundle, "must be a principal such as cluster.local/ns/agents/sa/{agent}"),
            ("cluster.local/ns/agents/sa/{name}", Self.bundle, "must be a principal such as"),
        ] {
            let said = read(principal, upstream).diagnostics.map { "\($0)" }
            #expect(said.contains { $0.contains(expected) }, "\(said)")
        }
    }

    @Test(
        "what does not fit together is refused",
        arguments: [
            ("principal: cluster.local/ns/a/sa/b, \(https)", "", "needs routing.upstream.tls.trustBundleFiles"),
            ("principal: cluster.local/ns/a/sa/b, instances: [{ url: \"http://w/\" }]", bundle, "use https"),
            ("principal: worker, \(https)", bundle, "must be a principal such as cluster.local/ns/default/sa/worker"),
            ("principal: \"spiffe://a/b\", \(https)", bundle, "must be a principal such as"),
            (https, "tls: { keyFile: k.pem }", "must have certificateFile and keyFile, or neither"),
        ])
    func refused(agent: String, upstream: String, expected: String) {
        let said = Self.read(agent: agent, upstream: upstream).diagnostics.map { "\($0)" }
        #expect(said.contains { $0.contains(expected) }, "\(said)")
    }
}
