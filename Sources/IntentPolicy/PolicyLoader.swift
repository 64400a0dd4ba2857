package import Documents

/// Reads policy files; whatever is wrong is noted with its place, and a file with an error is refused.
package enum PolicyLoader {
    /// Reads one policy, which may be written in several files: their rules follow each other, what they state for the whole
    /// policy must agree.
    ///
    /// - Parameter isWhole: false when there are more files that cannot be read: then only the errors of these are of use.
    /// - Returns: nil when any error was noted, or these are not all files.
    package static func load(
        _ files: [(name: String, text: String)], isWhole: Bool = true, into diagnostics: Diagnostics
    ) -> PolicyDocument? {
        var nodes: [DocumentNode] = []
        for file in files {
            do throws(DiagnosticError) {
                nodes.append(try DocumentParser.document(file.text, file: file.name))
            } catch {
                diagnostics.add(error)
            }
        }
        guard isWhole, nodes.count == files.count else {
            // Everybody is told everything at once, but what is missing from a part may stand in the rest.
            let fresh = Diagnostics()
            _ = load(nodes, into: fresh)
            diagnostics.add(fresh.errors)
            return nil
        }
        return load(nodes, into: diagnostics)
    }

    /// Reads a policy that is part of another document, such as a test case.
    package static func load(_ nodes: [DocumentNode], dialect: PolicyDialect? = nil, into diagnostics: Diagnostics)
        -> PolicyDocument?
    {
        let fresh = Diagnostics()
        var whole = PolicyDocument()
        for (place, node) in nodes.enumerated() {
            // A later file that states nothing goes by what the first one says.
            var part = read(
                node, dialect: place == 0 ? dialect : whole.dialect, firstRule: whole.rules.count + 1, fresh)
            if place > 0, node["rate_limits"]?.isNull ?? true { part.rateLimits = whole.rateLimits }
            guard place > 0 else {
                whole = part
                continue
            }
            whole.rules += part.rules
            if part.dialect != whole.dialect || part.rateLimits != whole.rateLimits {
                fresh.error("dialect and rate_limits must agree with the first policy file's", at: node.location)
            }
            if let stated = part.defaultAction {
                if let earlier = whole.defaultAction, earlier != stated {
                    fresh.error("default must agree with the earlier policy file's", at: node.location)
                }
                whole.defaultAction = stated
            }
        }
        if whole.dialect == .glob { refuseDuplicates(whole, fresh) }
        diagnostics.add(fresh.all)
        guard !fresh.hasErrors else { return nil }
        PolicyLint.check(whole, into: diagnostics)
        return whole
    }

    private static func refuseDuplicates(_ document: PolicyDocument, _ diagnostics: Diagnostics) {
        var seen: [String: SourceLocation?] = [:]
        for rule in document.rules {
            if seen.keys.contains(rule.id) {
                diagnostics.error("rule id \(MessageText.quoted(rule.id)) is used twice", at: rule.location)
            }
            seen[rule.id] = rule.location
        }
    }

    private static func read(
        _ node: DocumentNode, dialect: PolicyDialect?, firstRule: Int, _ diagnostics: Diagnostics
    ) -> PolicyDocument {
        var fields = FieldReader(node, into: diagnostics)
        var document = PolicyDocument()
        document.dialect = fields.enumeration("dialect", as: PolicyDialect.self) ?? dialect ?? .glob
        guard document.dialect == .glob else {
            return ExactPolicyReader.read(node, firstRule: firstRule, diagnostics)
        }
        document.rateLimits = fields.enumeration("rate_limits", as: RateLimitScope.self) ?? .all
        _ = fields.node("version")
        document.defaultAction = defaultAction(&fields)
        for (place, entry) in (fields.entries("rules") ?? []).enumerated() {
            var reader = FieldReader(entry.node, path: entry.name, into: diagnostics)
            if let rule = RuleReader.read(&reader, number: firstRule + place) { document.rules.append(rule) }
        }
        fields.finish()
        return document
    }

    private static func defaultAction(_ fields: inout FieldReader) -> PolicyAction? {
        let short = action("default", &fields)
        let long = action("default_action", &fields)
        if let short, let long, short != long {
            fields.error("default and default_action contradict each other: state one", at: "default_action")
        }
        return short ?? long
    }

    /// An action in any letter case.
    static func action(_ key: String, _ fields: inout FieldReader) -> PolicyAction? {
        guard let text = fields.string(key) else { return nil }
        if let action = PolicyAction(rawValue: text.lowercased()) { return action }
        fields.error("\(fields.place(key)) must be ALLOW or DENY, found \(MessageText.quoted(text))", at: key)
        return nil
    }
}
