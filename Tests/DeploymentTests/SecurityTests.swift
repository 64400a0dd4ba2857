import Documents
import RedisFixtures
import Testing

/// What the pods may do, and whom they may reach.
@Suite("Security of the pods")
struct SecurityTests {
    private let folder: PrivateFolder

    init() throws { folder = try PrivateFolder() }

    @Test("pods reach whom they need and nobody else", arguments: ["base", "overlays/redis-cluster", "overlays/istio"])
    func ways(overlay: String) throws {
        let rendered = try Rendered(overlay, in: folder)
        let firewall = Firewall(rendered, and: try Rendered("load", in: folder))
        var meant: Set<[String]> = [
            ["gateway", "redis", "6379"], ["gateway", "summarizer", "9001"], ["summarizer", "gateway", "8080"],
            ["load-test", "gateway", "8080"],
        ]
        if overlay == "overlays/redis-cluster" {
            meant.formUnion([
                ["redis", "redis", "6379"], ["redis", "redis", "16379"], ["redis-join", "redis", "6379"],
            ])
        }
        var open: Set<[String]> = []
        for from in firewall.names {
            for target in firewall.names {
                for port in [6379, 8080, 9001, 9090, 9400, 16379] where firewall.passes(from, to: target, port: port) {
                    open.insert([from, target, "\(port)"])
                }
            }
        }
        #expect(open.subtracting(meant).isEmpty, "open without need: \(open.subtracting(meant))")
        let closed = meant.subtracting(open)
        #expect(closed.isEmpty, "closed, and needed: \(closed)")
    }

    @Test("every pod keeps to restricted Pod Security, as the namespace asks", arguments: Rendered.all)
    func restricted(overlay: String) throws {
        let rendered = try Rendered(overlay, in: folder)
        for namespace in rendered.all("Namespace") {
            #expect(namespace.pairs("metadata", "labels")["pod-security.kubernetes.io/enforce"] == "restricted")
        }
        #expect(!rendered.templates.isEmpty)
        for (name, template) in rendered.templates {
            #expect(template.text("spec", "securityContext", "runAsNonRoot") == "true", "\(name)")
            #expect(template.text("spec", "securityContext", "seccompProfile", "type") == "RuntimeDefault", "\(name)")
            #expect(template.text("spec", "automountServiceAccountToken") == "false", "\(name)")
            for key in ["hostNetwork", "hostPID", "hostIPC"] { #expect(template.at("spec", key) == nil, "\(name)") }
            for volume in template.list("spec", "volumes") {
                let kinds = Set((volume.mapping ?? []).map(\.key)).subtracting(["name"])
                #expect(kinds == ["projected"], "\(name)")
            }
            for container in template.list("spec", "containers") + template.list("spec", "initContainers") {
                #expect(container.text("securityContext", "allowPrivilegeEscalation") == "false", "\(name)")
                #expect(container.text("securityContext", "readOnlyRootFilesystem") == "true", "\(name)")
                #expect(container.texts("securityContext", "capabilities", "drop") == ["ALL"], "\(name)")
                #expect(container.at("securityContext", "capabilities", "add") == nil, "\(name)")
                for mount in container.list("volumeMounts") {
                    #expect(mount.at("subPath") == nil, "\(name): a subPath never sees a renewed certificate")
                }
                for size in ["cpu", "memory"] {
                    #expect(container.text("resources", "limits", size) != nil, "\(name) \(size)")
                    #expect(container.text("resources", "requests", size) != nil, "\(name) \(size)")
                }
            }
        }
    }
}
