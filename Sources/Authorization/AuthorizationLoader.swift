package import Documents

/// Reads Istio's security resources; whatever is wrong is noted with its place, and nothing is taken when anything is.
///
/// Stricter than a cluster where that is safer: an unknown key, or a key without a value, refuses the file, since both
/// usually are a slip that would make a policy wider than it looks.
package enum AuthorizationLoader {
    /// What becomes of a file without a resource.
    package enum EmptyFiles: Sendable {
        case accept
        case refuse
    }

    /// Reads all files together.
    ///
    /// - Parameters:
    ///   - files: YAML with any number of documents each; a name that ends in `.json` is read as JSON.
    ///   - defaultNamespace: where resources belong that name no namespace; nil refuses them.
    ///   - emptyFiles: what a file without a resource is: one that is being written looks like that, and to take it would be to
    ///     drop every policy that it is about to hold.
    ///   - diagnostics: receives errors and warnings.
    /// - Returns: nil when any error was noted.
    package static func load(
        _ files: [(name: String, text: String)], defaultNamespace: String?, emptyFiles: EmptyFiles = .accept,
        into diagnostics: Diagnostics
    ) -> AuthorizationDocuments? {
        let fresh = Diagnostics()
        var collected = CollectedResources(defaultNamespace: defaultNamespace)
        for file in files {
            let (resources, findings) = (collected.documents.count, fresh.all.count)
            do throws(DiagnosticError) {
                for node in try roots(file) { read(node, into: &collected, fresh) }
            } catch {
                fresh.add(error)
            }
            if emptyFiles == .refuse, collected.documents.count == resources, fresh.all.count == findings {
                fresh.error(
                    "this file holds no resource: put them in, or take the file away",
                    at: SourceLocation(file: file.name, line: 1, column: 1))
            }
        }
        diagnostics.add(fresh.all)
        guard !fresh.hasErrors else { return nil }
        AuthorizationLint.check(collected.documents, into: diagnostics)
        return collected.documents
    }

    private static func roots(_ file: (name: String, text: String)) throws(DiagnosticError) -> [DocumentNode] {
        guard file.name.lowercased().hasSuffix(".json") else {
            return try DocumentParser.yamlStream(file.text, file: file.name)
        }
        return [try DocumentParser.json(file.text, file: file.name)]
    }

    private static func read(
        _ node: DocumentNode, into collected: inout CollectedResources, _ diagnostics: Diagnostics
    ) {
        var fields = FieldReader(node, into: diagnostics)
        guard fields.isMapping else { return }
        let version = fields.requiredString("apiVersion")
        if node["kind"]?.string == "List", version == "v1" {
            readList(&fields, into: &collected)
            return
        }
        let kind = fields.enumeration("kind", as: ResourceKind.self)
        fields.reportMissing("kind")
        guard let version, let kind else { return }
        guard ["security.istio.io/v1", "security.istio.io/v1beta1"].contains(version) else {
            fields.error(
                "apiVersion must be security.istio.io/v1 or security.istio.io/v1beta1, found \(MessageText.quoted(version))",
                at: "apiVersion")
            return
        }
        let metadata = MetadataReader.read(&fields, defaultNamespace: collected.defaultNamespace)
        // The cluster writes it into what it gives out; it says nothing that counts here.
        _ = fields.node("status")
        var spec = FieldReader(
            fields.node("spec") ?? DocumentNode(.mapping([]), at: node.location), path: "spec", into: diagnostics)
        switch kind {
        case .authorizationPolicy:
            if let policy = PolicyReader.read(&spec, metadata) { collected.documents.policies.append(policy) }
        case .requestAuthentication:
            if let resource = RequestAuthenticationReader.read(&spec, metadata?.resource) {
                collected.documents.requestAuthentications.append(resource)
            }
        case .peerAuthentication:
            if let resource = PeerAuthenticationReader.read(&spec, metadata?.resource) {
                collected.documents.peerAuthentications.append(resource)
            }
        }
        spec.finish()
        fields.finish()
        if let resource = metadata?.resource { collected.note(kind, resource, diagnostics) }
    }

    /// What `kubectl get -o yaml` gives out for several resources.
    private static func readList(_ fields: inout FieldReader, into collected: inout CollectedResources) {
        for key in ["kind", "metadata"] { _ = fields.node(key) }
        for entry in fields.entries("items") ?? [] { read(entry.node, into: &collected, fields.diagnostics) }
        fields.finish()
    }
}
