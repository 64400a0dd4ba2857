import Documents
import Foundation
import GatewayConfiguration
import RedisFixtures
import Testing

/// What the manifests say of the program, held against what the program takes.
@Suite("Manifests agree with the configuration", .serialized)
struct AgreementTests {
    private static let overlays = Rendered.all.filter { $0 != "load" }
    private let folder: PrivateFolder

    init() throws { folder = try PrivateFolder() }

    private func configuration(_ rendered: Rendered) throws -> GatewayConfiguration {
        let text = try rendered.configuration("gateway-config", "gateway.yaml")
        let reading = GatewayConfiguration.read(text, file: "gateway.yaml")
        return try #require(reading.configuration, "\(rendered.name): \(reading.errors)")
    }

    private func gateway(_ rendered: Rendered) throws -> (template: DocumentNode, container: DocumentNode) {
        let template = try #require(try rendered.one("Deployment", "gateway").at("spec", "template"))
        return (template, try #require(template.named("gateway", in: "spec", "containers")))
    }

    @Test(
        "ports of pods, services, probes and network policies are those that the gateway listens on",
        arguments: overlays)
    func ports(overlay: String) throws {
        let rendered = try Rendered(overlay, in: folder)
        let configuration = try configuration(rendered)
        let (_, container) = try gateway(rendered)
        let ports = Dictionary(
            container.list("ports").map { ($0.text("name") ?? "", $0.integer("containerPort") ?? 0) }
        ) { $1 }
        #expect(ports == ["intents": configuration.listen.http.port, "admin": configuration.admin.http.port])
        #expect(configuration.listen.http.host == "0.0.0.0" && configuration.admin.http.host == "0.0.0.0")
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let asked = try #require(container.at(probe, "httpGet"))
            #expect(asked.text("port") == "admin", "\(probe)")
            #expect(asked.text("scheme") == (configuration.admin.tls.certificateFile == nil ? "HTTP" : "HTTPS"))
        }
        for service in rendered.all("Service")
        where service.pairs("spec", "selector")["app.kubernetes.io/component"] == "gateway" {
            for port in service.list("spec", "ports") {
                #expect(ports[port.text("targetPort") ?? ""] == port.integer("port"), "\(overlay)")
            }
        }
        let policy = try rendered.one("NetworkPolicy", "gateway")
        let opened = Set(policy.list("spec", "ingress").flatMap { $0.list("ports") }.compactMap { $0.integer("port") })
        #expect(opened == Set(ports.values))
    }

    @Test(
        "the guide's firewall: 8080 from the balancer's range, 9090 from Prometheus' alone, and nothing that is not named"
    )
    func firewall() throws {
        let rendered = try Rendered("base", in: folder)
        let rules = try rendered.one("NetworkPolicy", "gateway").list("spec", "ingress")
        func ranges(_ port: Int) -> [String] {
            rules.filter { $0.list("ports").contains { $0.integer("port") == port } }
                .flatMap { $0.list("from") }.compactMap { $0.text("ipBlock", "cidr") }
        }
        #expect(ranges(8080) == ["10.0.0.0/8"])
        #expect(ranges(9090) == ["10.0.1.0/24"])
        let closed = try rendered.one("NetworkPolicy", "nothing-else")
        #expect(closed.texts("spec", "policyTypes") == ["Ingress", "Egress"])
        #expect(closed.at("spec", "ingress") == nil && closed.at("spec", "egress") == nil)
        #expect(closed.at("spec", "podSelector")?.mapping?.isEmpty == true)
        for policy in rendered.all("NetworkPolicy") {
            for rule in policy.list("spec", "ingress") + policy.list("spec", "egress") {
                #expect(!rule.list("ports").isEmpty, "a rule of every port: \(policy.text("metadata", "name") ?? "")")
            }
        }
    }

    @Test(
        "a pod has time to end: preStop, drain and the end of the audit log fit its grace period", arguments: overlays)
    func drain(overlay: String) throws {
        let rendered = try Rendered(overlay, in: folder)
        let (template, container) = try gateway(rendered)
        let sleep = try #require(container.integer("lifecycle", "preStop", "sleep", "seconds"))
        let drain = Int(try configuration(rendered).drainTimeoutMilliseconds) / 1_000
        let grace = try #require(template.integer("spec", "terminationGracePeriodSeconds"))
        // 3 s for requests that were cut, 5 s for the audit log's last records.
        #expect(sleep + drain + 8 <= grace, "\(overlay): \(sleep) + \(drain) + 8 > \(grace)")
        #expect(sleep >= 5)
        if let proxy = template.text("metadata", "annotations", "proxy.istio.io/config") {
            let told = try #require(proxy.firstMatch(of: #/terminationDrainDuration: (\d+)s/#)?.1)
            #expect(Int(told) ?? 0 >= sleep + drain, "the sidecar goes before the gateway")
        }
    }

    @Test("variables are ones that the gateway reads", arguments: overlays)
    func variables(overlay: String) throws {
        let known = Set(GatewayConfiguration.reference.compactMap(\.environmentVariable))
        let (_, container) = try gateway(Rendered(overlay, in: folder))
        for variable in container.list("env").compactMap({ $0.text("name") }) {
            #expect(known.contains(variable), "\(variable)")
        }
    }

    @Test(
        "policies find the gateway: labels in gateway.yaml are on the pods, and selectors are among them",
        arguments: overlays)
    func labels(overlay: String) throws {
        let rendered = try Rendered(overlay, in: folder)
        let labels = try gateway(rendered).template.pairs("metadata", "labels")
        for label in try configuration(rendered).mesh.labels {
            let words = label.split(separator: "=", maxSplits: 1).map(String.init)
            #expect(labels[words[0]] == words[1], "\(label)")
        }
        let resources = rendered.documents.filter { $0.text("apiVersion")?.hasPrefix("security.istio.io/") == true }
        #expect(resources.count == (overlay.hasSuffix("istio") ? 4 : 0))
        for resource in resources {
            let asked = resource.pairs("spec", "selector", "matchLabels")
            #expect(!asked.isEmpty && asked.allSatisfy { labels[$0.key] == $0.value })
        }
    }

    @Test(
        "service accounts are the identities: each has a certificate of its name, and rules name no other of this namespace"
    )
    func identities() throws {
        let rendered = try Rendered("base", in: folder)
        let accounts = Set(rendered.all("ServiceAccount").compactMap { $0.text("metadata", "name") })
        let identifiers = rendered.all("Certificate").flatMap { $0.texts("spec", "uris") }
        let own = "spiffe://cluster.local/ns/intentusnet/sa/"
        #expect(Set(identifiers.filter { $0.hasPrefix(own) }.map { String($0.dropFirst(own.count)) }) == accounts)
        for (name, template) in rendered.templates {
            let account = try #require(template.text("spec", "serviceAccountName"))
            #expect(accounts.contains(account), "\(name)")
            // The pod holds the certificate of its own account and of no other.
            let held = template.list("spec", "volumes").flatMap { $0.list("projected", "sources") }
                .compactMap { $0.text("secret", "name") }.filter { $0.hasSuffix("-tls") }
            #expect(held == ["\(account)-tls"], "\(name)")
        }
        let texts =
            try ["gateway.yaml", "policy.yaml"].map { try rendered.configuration("gateway-config", $0) }
            + ["authorization-policies.yaml"].map { try rendered.configuration("gateway-authorization", $0) }
        let named = texts.flatMap { $0.matches(of: #/cluster\.local\/ns\/intentusnet\/sa\/([a-z-]+)/#) }.map {
            String($0.1)
        }
        #expect(!named.isEmpty && Set(named).isSubset(of: accounts), "\(Set(named).subtracting(accounts))")
    }

    @Test("who scrapes may see the page that it scrapes, and the policy of the admin port leaves it nothing else")
    func scraper() throws {
        let rendered = try Rendered("base", in: folder)
        let principal = "cluster.local/ns/monitoring/sa/prometheus"
        #expect(try configuration(rendered).admin.access?.viewers == [principal])
        let shown = rendered.all("Certificate").filter { $0.texts("spec", "uris") == ["spiffe://\(principal)"] }
        let monitor = try rendered.one("ServiceMonitor", "gateway")
        let endpoint = try #require(monitor.list("spec", "endpoints").first)
        #expect(shown.map { $0.text("spec", "secretName") } == [endpoint.text("tlsConfig", "cert", "secret", "name")])
        let policy = try DocumentParser.yaml(
            try rendered.configuration("gateway-authorization", "prometheus.yaml"), file: "prometheus.yaml")
        #expect(policy.text("spec", "action") == "DENY")
        let rules = policy.list("spec", "rules")
        let sources = rules.flatMap { $0.list("from") }.map { $0.texts("source", "principals") }
        #expect(sources == rules.map { _ in [principal] })
        let operations = rules.flatMap { $0.list("to") }.compactMap { $0["operation"] }
        #expect(operations.flatMap { $0.texts("notPaths") } == [endpoint.text("path")])
        #expect(operations.flatMap { $0.texts("notMethods") } == ["GET"] && operations.count == rules.count)
    }

    @Test(
        "what the autoscaler counts is a metric of the gateway, and the overlays' configurations differ where they must"
    )
    func overlaysDiffer() throws {
        let scaler = try Rendered("base", in: folder).one("HorizontalPodAutoscaler", "gateway")
        let counted = scaler.list("spec", "metrics").compactMap { $0.text("pods", "metric", "name") }
        #expect(counted == ["intentusnet_requests_in_flight"])
        let base = try Workplace.text("k8s/base/gateway.yaml").split(separator: "\n")
        let cluster = try Workplace.text("k8s/overlays/redis-cluster/gateway.yaml").split(separator: "\n")
        let changed = cluster.difference(from: base)
        #expect(changed.count == 3, "another line and its comment for one: \(changed)")
        let istio = try Workplace.text("k8s/overlays/istio/gateway.yaml").split(separator: "\n")
        // From the registration on, but for how workers prove who they are, both are the same.
        func end(_ lines: [Substring]) -> [Substring] {
            Array(lines.drop { $0 != "policy: { files: [policy.yaml] }" }).filter { !$0.contains("identitySources") }
        }
        #expect(end(istio) == end(base) && end(base).count > 10)
    }
}
