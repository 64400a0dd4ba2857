import Documents

/// Reads one entry of `rules`.
enum RuleReader {
    // What differs most between rules comes first, so that most rules are left after one comparison.
    private static let sourceFields: [(name: String, attribute: RuleAttribute)] = [
        ("principals", .principal), ("requestPrincipals", .requestPrincipal), ("namespaces", .namespace),
        ("ipBlocks", .sourceAddress), ("remoteIpBlocks", .remoteAddress), ("serviceAccounts", .serviceAccount),
        ("trustDomains", .trustDomain),
    ]
    private static let operationFields: [(name: String, attribute: RuleAttribute)] = [
        ("paths", .path), ("hosts", .host), ("ports", .port), ("methods", .method),
    ]

    static func read(_ fields: inout FieldReader) -> AuthorizationRule {
        var rule = AuthorizationRule(location: fields.location)
        rule.sources = alternatives("from", of: "source", sourceFields, &fields)
        for (place, source) in rule.sources.enumerated() { checkServiceAccounts(source, place, fields) }
        rule.operations = alternatives("to", of: "operation", operationFields, &fields)
        for entry in fields.boundedEntries("when", max: RuleLimits.alternativesMax) {
            var condition = FieldReader(entry.node, path: entry.name, into: fields.diagnostics)
            rule.conditions += ConditionReader.read(&condition)
        }
        fields.finish()
        return rule
    }

    private static func alternatives(
        _ key: String, of inner: String, _ known: [(name: String, attribute: RuleAttribute)],
        _ fields: inout FieldReader
    ) -> [[RuleTerm]] {
        fields.filledEntries(key, max: RuleLimits.alternativesMax).map { entry in
            var outer = FieldReader(entry.node, path: entry.name, into: fields.diagnostics)
            outer.refuseNull(inner)
            outer.reportMissing(inner)
            let terms = outer.child(inner).map { child in
                var child = child
                return Self.terms(known, &child)
            }
            outer.finish()
            return terms ?? []
        }
    }

    private static func terms(
        _ known: [(name: String, attribute: RuleAttribute)], _ fields: inout FieldReader
    ) -> [RuleTerm] {
        var terms: [RuleTerm] = []
        for (name, attribute) in known {
            for isNegated in [false, true] {
                let key = isNegated ? "not\(name.prefix(1).uppercased())\(name.dropFirst())" : name
                let max = attribute == .serviceAccount ? RuleLimits.serviceAccountsMax : RuleLimits.valuesMax
                let values = fields.names(key, max: max)
                for value in values { ValueRules.check(value, attribute, fields.place(key), fields.diagnostics) }
                if !values.isEmpty {
                    terms.append(
                        RuleTerm(name: key, attribute: attribute, values: values.map(\.text), isNegated: isNegated))
                } else if fields.has(key) {
                    fields.warning("\(fields.place(key)) is empty and so constrains nothing", at: key)
                }
            }
        }
        fields.finish()
        if terms.isEmpty, fields.isMapping {
            fields.diagnostics.error("\(fields.path) must state at least one field", at: fields.location)
        }
        return terms
    }

    private static func checkServiceAccounts(_ source: [RuleTerm], _ place: Int, _ fields: FieldReader) {
        guard source.contains(where: { $0.attribute == .serviceAccount }),
            let other = source.first(where: { $0.attribute == .principal || $0.attribute == .namespace })
        else { return }
        fields.diagnostics.error(
            "\(fields.place("from"))[\(place)].source may not have serviceAccounts and \(other.name) together",
            at: fields.location(of: "from"))
    }
}
