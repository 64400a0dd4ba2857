import Documents

/// What was read so far.
struct CollectedResources {
    let defaultNamespace: String?
    var documents = AuthorizationDocuments()
    private var places: [String: SourceLocation] = [:]

    init(defaultNamespace: String?) {
        self.defaultNamespace = defaultNamespace
    }

    /// A cluster keeps the last of two resources with one name; which one that is must not depend on the order of files.
    mutating func note(_ kind: ResourceKind, _ metadata: ResourceMetadata, _ diagnostics: Diagnostics) {
        let name = "\(kind.rawValue) \(metadata.fullName)"
        if let first = places[name] {
            diagnostics.error("\(name) is given twice; first at \(first)", at: metadata.location)
        }
        places[name] = metadata.location
    }
}
