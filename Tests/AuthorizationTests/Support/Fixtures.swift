import Authorization
import Documents
import Foundation
import IntentProtocol
import Testing

/// What the loader says about a text, one line for each finding, and what it took.
func load(
    _ text: String, file: String = "policies.yaml", defaultNamespace: String? = "foo"
) -> (documents: AuthorizationDocuments?, findings: [String]) {
    let diagnostics = Diagnostics()
    let documents = AuthorizationLoader.load(
        [(file, text)], defaultNamespace: defaultNamespace, into: diagnostics)
    return (documents, diagnostics.sorted.map(\.description))
}

/// Resources that must be free of errors, for a workload `app: httpbin` in `foo`.
func compile(
    _ text: String, mesh: MeshSettings = MeshSettings(),
    workload: Workload = Workload(namespace: "foo", labels: ["app": "httpbin"])
) throws -> CompiledAuthorization {
    let (documents, findings) = load(text)
    return CompiledAuthorization(try #require(documents, "\(findings)"), mesh: mesh, workload: workload)
}

/// A resource of the newest version in the namespace `foo`; the spec as YAML without indentation.
func resource(
    _ spec: String, kind: String = "AuthorizationPolicy", name: String = "p", namespace: String = "foo",
    annotations: String = ""
) -> String {
    let lines = spec.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
    return """
        ---
        apiVersion: security.istio.io/v1
        kind: \(kind)
        metadata: {name: \(name), namespace: \(namespace)\(annotations.isEmpty ? "" : ", annotations: {\(annotations)}")}
        spec:
        \(lines.joined(separator: "\n"))

        """
}

/// A GET of a page by a service, unless told otherwise.
func request(
    _ path: String = "/", method: String = "GET", principal: String? = "cluster.local/ns/default/sa/sleep",
    host: String? = "httpbin.foo", port: UInt16 = 8_080, source: String = "10.1.2.3",
    headers: [(String, String)] = []
) -> AuthorizationRequest {
    var list = AuthorizationHeaders()
    for (name, value) in headers { list.append(name: name, value: value) }
    return AuthorizationRequest(
        principal: principal.flatMap { PeerPrincipal($0) }, sourceAddress: NetworkAddress(source),
        remoteAddress: NetworkAddress(source), destinationAddress: NetworkAddress("10.20.30.40"),
        destinationPort: port, method: Array(method.utf8)[...], target: Array(path.utf8)[...],
        host: host.map { Array($0.utf8)[...] }, headers: list)
}

/// The text of a file of vectors.
func vectors(_ name: String) throws -> String {
    let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: folder.appending(path: "Vectors/istio/\(name)"), encoding: .utf8)
}
