import Documents

/// What `metadata` says.
struct ReadMetadata {
    let resource: ResourceMetadata
    let isDryRun: Bool
}

/// Reads `metadata`.
enum MetadataReader {
    /// What a cluster adds to the metadata of a resource.
    private static let keysOfTheCluster = [
        "uid", "resourceVersion", "generation", "generateName", "selfLink", "managedFields", "ownerReferences",
        "finalizers", "deletionTimestamp", "deletionGracePeriodSeconds",
    ]

    static func read(_ fields: inout FieldReader, defaultNamespace: String?) -> ReadMetadata? {
        guard var metadata = fields.child("metadata") else {
            fields.reportMissing("metadata")
            return nil
        }
        let name = metadata.requiredString("name")
        metadata.refuseNull("namespace")
        let namespace = metadata.string("namespace")
        let timestamp = metadata.string("creationTimestamp") ?? ""
        let isDryRun = dryRun(&metadata)
        _ = metadata.stringMap("labels")
        for key in keysOfTheCluster { _ = metadata.node(key) }
        metadata.finish()
        check(name, "name", lengthMax: 253, metadata)
        check(namespace, "namespace", lengthMax: 63, metadata)
        if !timestamp.isEmpty, !isTimestamp(timestamp) {
            metadata.error(
                "\(metadata.place("creationTimestamp")) must look like 2024-01-01T00:00:00Z", at: "creationTimestamp")
        }
        guard let name else { return nil }
        guard let namespace = namespace ?? defaultNamespace else {
            if !metadata.has("namespace") {
                metadata.diagnostics.error(
                    "metadata.namespace is required: a file has no current namespace", at: metadata.location)
            }
            return nil
        }
        let resource = ResourceMetadata(
            name: name, namespace: namespace, creationTimestamp: timestamp, location: fields.location)
        return ReadMetadata(resource: resource, isDryRun: isDryRun)
    }

    /// The spellings of a boolean that Istio takes; anything else leaves the policy enforced.
    private static func dryRun(_ metadata: inout FieldReader) -> Bool {
        guard let annotation = metadata.stringMap("annotations").last(where: { $0.key == "istio.io/dry-run" }) else {
            return false
        }
        switch annotation.value {
        case "1", "t", "T", "TRUE", "true", "True": return true
        case "0", "f", "F", "FALSE", "false", "False": return false
        default:
            metadata.diagnostics.warning(
                "istio.io/dry-run is neither true nor false, so the policy is enforced", at: annotation.location)
            return false
        }
    }

    /// Names end up in audit records and metrics.
    private static func check(_ text: String?, _ key: String, lengthMax: Int, _ metadata: FieldReader) {
        guard let text, !text.isEmpty || key == "namespace" else { return }
        let isName = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "-"), UInt8(ascii: "."): true
            default: false
            }
        }
        guard !isName || text.isEmpty || text.utf8.count > lengthMax else { return }
        metadata.error(
            "\(metadata.place(key)) must be 1 to \(lengthMax) characters of a-z, 0-9, '-' and '.', "
                + "found \(MessageText.quoted(text))", at: key)
    }

    /// Times of one form sort as texts.
    private static func isTimestamp(_ text: String) -> Bool {
        let form = Array("0000-00-00T00:00:00Z".utf8)
        guard text.utf8.count == form.count else { return false }
        return zip(text.utf8, form).allSatisfy { byte, wanted in
            wanted == UInt8(ascii: "0") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == wanted
        }
    }
}
