import Documents
import Foundation
import GatewayConfiguration
import Testing

@Suite("configuration files that are accepted")
struct AcceptedFileTests {
    @Test("the smallest documented file works, without a word")
    func smallest() throws {
        let text = """
            listen: { http: "127.0.0.1:8080" }
            admin: { http: "127.0.0.1:9090" }
            eventLoops: 1                      # default: one per core
            store: memory
            authentication:
              tokenCacheEntries: 10000         # 0 = off
              issuers:
                - issuer: https://idp.example.com
                  audiences: [intentusnet]
                  jwks: { file: jwks.json }    # or { url: https://… }
            policy: { files: [policy.yaml] }
            agents:
              - name: summarizer
                intents: [{ name: SummarizeIntent, version: "1.0" }]
                instances: [{ url: "http://127.0.0.1:9001/execute-agent" }]
            """
        let reading = GatewayConfiguration.read(text, file: "/etc/intentusnet/gateway.yaml")
        #expect(reading.diagnostics.isEmpty)
        let configuration = try #require(reading.configuration)
        var expected = GatewayConfiguration()
        expected.eventLoops = 1
        expected.policy.files = ["/etc/intentusnet/policy.yaml"]
        var issuer = GatewayConfiguration.Issuer()
        issuer.issuer = "https://idp.example.com"
        issuer.audiences = ["intentusnet"]
        issuer.jwks.file = "/etc/intentusnet/jwks.json"
        expected.authentication.issuers = [issuer]
        var agent = GatewayConfiguration.Agent()
        agent.name = "summarizer"
        agent.intents = [GatewayConfiguration.Agent.Intent()]
        agent.intents[0].name = "SummarizeIntent"
        agent.instances = [GatewayConfiguration.Agent.Instance()]
        agent.instances[0].url = "http://127.0.0.1:9001/execute-agent"
        expected.agents = [agent]
        #expect(configuration == expected)
    }

    @Test("every key can be set, in YAML and in JSON")
    func everything() throws {
        let yaml = """
            listen:
              http: "[::1]:0"
              headerBytesMax: 16384
              headersMax: 32
              bodyBytesMax: 4194304
              headerTimeoutMilliseconds: 1000
              requestTimeoutMilliseconds: 2000
              idleTimeoutMilliseconds: 3000
              connectionsMax: 100
              connectionsPerPeerMax: 0
            admin: { http: "localhost:0" }
            eventLoops: 4
            store: memory
            authentication:
              tokenCacheEntries: 0
              anonymous: deny
              serviceName: edge
              issuers:
                - issuer: https://idp.example.com
                  audiences: [a, b]
                  algorithms: [RS256, PS256, ES256, ES384, EdDSA]
                  leewaySeconds: 0
                  maxLifetimeSeconds: 0
                  rolesClaim: realm_access.roles
                  tenantClaim: org.id
                  jwks:
                    url: https://idp.example.com/jwks.json
                    refreshSeconds: 600
                    maxStaleSeconds: 60
                    caFile: ca.pem
                    allowInsecureHttp: true
            envelope: { payloadBytesMax: 2048, depthMax: 8, membersMax: 100, dangerousKeys: everyDepth }
            policy: { files: [a.yaml, sub/b.json, /abs/c.yaml] }
            routing:
              allowParallel: true
              requestTimeoutMilliseconds: 5000
              upstream:
                connectTimeoutMilliseconds: 100
                idleTimeoutMilliseconds: 200
                connectionsPerInstanceMax: 3
                responseBytesMax: 2048
            agents:
              - name: a
                nodeId: n1
                nodePriority: 5
                intents: [{ name: X, version: "2.0" }, { name: X, version: "*" }, { name: "*" }]
                instances: [{ id: one, url: "http://[::1]:9001" }, { url: "http://agent/" }]
            registration:
              allow: [{ agents: ["a*"], subjects: [s], roles: [r], hosts: ["10.*"] }]
              ttlSecondsMax: 30
              minimumNodePriority: 5
            limits: { liveKeysMax: 5000 }
            audit:
              { output: file, file: ./audit.jsonl, mode: block, node: gw-1, keyFile: audit.key, checkpointSeconds: 0,
                bufferBytesMax: 2000000, rotation: { bytesMax: 65536, periodSeconds: 86400, keep: 3 } }
            drainTimeoutMilliseconds: 0
            log: { level: debug }
            """
        let reading = GatewayConfiguration.read(yaml, file: "conf/g.yaml")
        #expect(reading.diagnostics.isEmpty)
        let read = try #require(reading.configuration)
        #expect(read.listen.http == HostAndPort(host: "::1", port: 0))
        #expect(read.registration?.minimumNodePriority == 5)
        #expect(read.listen.connectionsMax == 100)
        #expect(read.listen.connectionsPerPeerMax == 0)
        #expect(read.authentication.issuers[0].algorithms == [.rs256, .ps256, .es256, .es384, .eddsa])
        #expect(read.authentication.issuers[0].jwks.url == "https://idp.example.com/jwks.json")
        #expect(read.authentication.issuers[0].jwks.caFile == "conf/ca.pem")
        #expect(read.authentication.issuers[0].tenantClaim == "org.id")
        #expect(read.envelope.dangerousKeys == .everyDepth)
        #expect(read.policy.files == ["conf/a.yaml", "conf/sub/b.json", "/abs/c.yaml"])
        #expect(read.routing.upstream.connectionsPerInstanceMax == 3)
        #expect(read.agents[0].intents.map(\.version) == ["2.0", "*", "1.0"])
        #expect(read.agents[0].instances.map(\.id) == ["one", nil])
        #expect(read.registration?.allow[0].hosts == ["10.*"])
        #expect(read.audit.file == "conf/audit.jsonl")
        #expect(read.audit.keyFile == "conf/audit.key")
        #expect((read.audit.mode, read.audit.node, read.audit.checkpointSeconds) == (.block, "gw-1", 0))
        #expect(
            (read.audit.rotation.bytesMax, read.audit.rotation.periodSeconds, read.audit.rotation.keep) == (
                65536, 86400, 3
            ))
        #expect(read.drainTimeoutMilliseconds == 0)
        #expect(read.log.level == .debug)
        let json = jsonText(try DocumentParser.yaml(yaml, file: "g.yaml"))
        #expect(GatewayConfiguration.read(json, file: "conf/g.json").configuration == read)
    }

    @Test("defaults hold where nothing is said")
    func defaults() throws {
        let read = try #require(GatewayConfiguration.read(usableFile, file: "g.yaml").configuration)
        #expect(read.listen == GatewayConfiguration.Listen())
        #expect(read.eventLoops == nil)
        #expect(read.authentication.tokenCacheEntries == 10_000)
        #expect(read.authentication.anonymous == .deny)
        #expect(read.authentication.issuers[0].algorithms == [.rs256])
        #expect(read.authentication.issuers[0].jwks.file == "jwks.json")
        #expect(read.registration == nil)
        #expect(read.audit.output == .stdout)
    }

    @Test("the demonstration's file works, without a word")
    func demonstration() throws {
        let here = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        let file = here.deletingLastPathComponent().appending(path: "Demo/gateway.yaml")
        let reading = GatewayConfiguration.read(try String(contentsOf: file, encoding: .utf8), file: file.path)
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.configuration?.registration?.allow.first?.roles == ["agent"])
    }

    private func jsonText(_ node: DocumentNode) -> String {
        switch node.kind {
        case .null: "null"
        case .scalar(let scalar): scalar.kind == .string ? "\"\(scalar.text)\"" : scalar.text
        case .sequence(let entries): "[" + entries.map(jsonText).joined(separator: ",") + "]"
        case .mapping(let members):
            "{" + members.map { "\"\($0.key)\":\(jsonText($0.value))" }.joined(separator: ",") + "}"
        }
    }
}
