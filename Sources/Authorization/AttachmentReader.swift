import Documents

/// Reads `selector`, `targetRef` and `targetRefs`, of which a resource may have one.
enum AttachmentReader {
    static func read(_ spec: inout FieldReader) -> Attachment {
        let keys = ["selector", "targetRef", "targetRefs"].filter { spec.has($0) }
        if keys.count > 1 {
            spec.error("\(spec.place(keys[1])) may not stand beside \(keys[0]): one of them must go", at: keys[1])
        }
        let labels = labels(&spec)
        spec.refuseNull("targetRef")
        var targets: [TargetReference] = []
        if var single = spec.child("targetRef"), let target = target(&single) { targets.append(target) }
        let entries = spec.boundedEntries("targetRefs", max: RuleLimits.targetReferencesMax)
        for entry in entries {
            var fields = FieldReader(entry.node, path: entry.name, into: spec.diagnostics)
            if let target = target(&fields) { targets.append(target) }
        }
        return spec.has("targetRef") || !entries.isEmpty ? .targets(targets) : .labels(labels ?? [:])
    }

    /// The labels of `selector`; nil when there is no selector, or one without labels.
    static func labels(_ spec: inout FieldReader) -> [String: String]? {
        spec.refuseNull("selector")
        guard var selector = spec.child("selector") else { return nil }
        selector.refuseNull("matchLabels")
        let members = selector.stringMap("matchLabels")
        selector.finish()
        var labels: [String: String] = [:]
        for member in members {
            if member.key.isEmpty || member.key.contains("*") || member.value.contains("*") {
                spec.diagnostics.error(
                    "a selector's keys and values are literal: no '*', no empty key", at: member.location)
            }
            if member.value.count > RuleLimits.labelValueLengthMax {
                spec.diagnostics.error(
                    "a label's value has at most \(RuleLimits.labelValueLengthMax) characters", at: member.location)
            }
            labels[member.key] = member.value
        }
        return labels.isEmpty ? nil : labels
    }

    private static func target(_ fields: inout FieldReader) -> TargetReference? {
        let kind = fields.enumeration("kind", as: TargetReference.Kind.self)
        fields.reportMissing("kind")
        let group = fields.string("group") ?? ""
        let name = fields.requiredString("name")
        if fields.node("namespace")?.string?.isEmpty == false {
            fields.error(
                "\(fields.place("namespace")) may not be set: a target is in the policy's namespace", at: "namespace")
        }
        fields.finish()
        guard let kind, let name else { return nil }
        guard kind.groups.contains(group) else {
            let wanted = kind.groups.filter { !$0.isEmpty }.joined(separator: " or ")
            fields.error(
                "\(fields.place("group")) of a \(kind.rawValue) must be \(wanted), found \(MessageText.quoted(group))",
                at: "group")
            return nil
        }
        return TargetReference(kind: kind, name: name)
    }
}
