package import Documents
import IntentProtocol

/// Runs decision cases: documents of the form `{"cases": [{"policy": …, "context": …, "expect": …}]}`, or with
/// `"dialect": "exact"` at the top and `decision` in the place of `expect`.
package enum PolicyCaseRunner {
    /// What came of a file.
    package struct Report: Sendable {
        package var passed = 0
        package var failures: [String] = []
    }

    /// Runs all cases of a document.
    ///
    /// - Throws: when the document is not of either form.
    package static func run(_ node: DocumentNode) throws(DiagnosticError) -> Report {
        guard let cases = node["cases"]?.sequence else {
            let isIstio = node.sequence != nil || node["cases"] != nil
            throw DiagnosticError(
                isIstio
                    ? "a list of Istio cases is not supported by this version: it knows cases with policy, context and expect"
                    : "the document must have a list 'cases'", at: node.location)
        }
        let dialect = try dialect(of: node)
        var report = Report()
        for (place, example) in cases.enumerated() {
            let name = example["id"]?.scalar?.text ?? "#\(place + 1)"
            let differences = try check(example, dialect)
            if differences.isEmpty {
                report.passed += 1
            } else {
                report.failures.append("\(name): \(differences.joined(separator: "; "))")
            }
        }
        return report
    }

    private static let compared = [
        "allowed", "matchedRule", "rateLimitKey", "rateLimitPerMinute", "maxTimeoutMs", "raises",
    ]
    /// What the Python engine tells beside its decision.
    private static let ignored = ["reason", "source", "message"]
    private static let contextKeys = [
        "intent", "agent", "roles", "tenant", "subject", "payload", "source", "metadata", "tags",
        "principal", "identity_sources", "address",
    ]

    private static func dialect(of node: DocumentNode) throws(DiagnosticError) -> PolicyDialect {
        guard let stated = node["dialect"] else { return .glob }
        guard let text = stated.string, let dialect = PolicyDialect(rawValue: text) else {
            throw DiagnosticError("dialect must be glob or exact, found \(stated.summary)", at: stated.location)
        }
        return dialect
    }

    /// A misspelt expectation compares nothing and would pass for ever.
    private static func checkKeys(_ context: DocumentNode, _ expected: DocumentNode) throws(DiagnosticError) {
        for (node, known) in [(context, contextKeys), (expected, compared + ignored)] {
            guard let members = node.mapping else {
                throw DiagnosticError("context and expect must be mappings, found \(node.summary)", at: node.location)
            }
            for member in members where !known.contains(member.key) {
                throw DiagnosticError(
                    "unknown key \(MessageText.quoted(member.key))\(NearestWord.hint(member.key, among: known))",
                    at: member.keyLocation)
            }
        }
        guard compared.contains(where: { expected[$0] != nil }) else {
            throw DiagnosticError(
                "the case expects nothing: state \(compared.joined(separator: ", "))", at: expected.location)
        }
        guard context["intent"]?.string != nil else {
            throw DiagnosticError("the context needs an intent", at: context.location)
        }
        for node in context["identity_sources"].map({ $0.sequence ?? [$0] }) ?? []
        where node.string.flatMap(IdentitySource.init(rawValue:)) == nil {
            let known = IdentitySource.allCases.map(\.rawValue).joined(separator: ", ")
            throw DiagnosticError("identity_sources must be of \(known), found \(node.summary)", at: node.location)
        }
        if let address = context["address"], address.string.flatMap({ NetworkAddress($0) }) == nil {
            throw DiagnosticError(
                "address must be an IPv4 or IPv6 address, found \(address.summary)", at: address.location)
        }
    }

    private static func check(_ example: DocumentNode, _ dialect: PolicyDialect) throws(DiagnosticError) -> [String] {
        guard let policy = example["policy"], let context = example["context"],
            let expected = example["expect"] ?? example["decision"]
        else { throw DiagnosticError("a case needs policy, context and expect (or decision)", at: example.location) }
        try checkKeys(context, expected)
        let diagnostics = Diagnostics()
        guard let document = PolicyLoader.load([policy], dialect: dialect, into: diagnostics) else {
            let reason = diagnostics.errors.first?.message ?? ""
            return expected["raises"] == nil ? ["the policy was refused: \(reason)"] : []
        }
        guard expected["raises"] == nil else { return ["expected a refusal, but the policy was taken"] }
        let request = PolicyRequest(context: context)
        let compiled = CompiledPolicy(document)
        let agent = context["agent"]?.scalar?.text
        let decision = compiled.evaluate(request, agent: agent)
        return differences(expected, decision, compiled, request, agent: agent)
    }

    private static func differences(
        _ expected: DocumentNode, _ decision: PolicyDecision, _ policy: CompiledPolicy, _ request: PolicyRequest,
        agent: String?
    ) -> [String] {
        let rule = decision.rule.map { policy.rules[$0] }
        // The limit that is reported is the deciding rule's, if it allows; its key is rendered even where there is no rate.
        let allowing = decision.isAllowed ? rule : nil
        let key = allowing.flatMap { rule in rule.keyTemplate.map { $0.render(request, agent: agent) } }
        let actual: [(String, JSONValue)] = [
            ("allowed", .bool(decision.isAllowed)),
            ("matchedRule", rule.map { .string($0.id) } ?? .null),
            ("rateLimitKey", key.map(JSONValue.string) ?? .null),
            ("rateLimitPerMinute", allowing?.ratePerMinute.map { .number(JSONNumber($0)) } ?? .null),
            ("maxTimeoutMs", decision.maxTimeoutMilliseconds.map { .number(JSONNumber($0)) } ?? .null),
        ]
        return actual.compactMap { name, value in
            guard let wanted = expected[name]?.json, wanted != value else { return nil }
            return "\(name) is \(text(value)), expected \(text(wanted))"
        }
    }

    private static func text(_ value: JSONValue) -> String { String(decoding: value.encoded, as: UTF8.self) }
}

extension PolicyRequest {
    /// The request that a document describes: subject, roles, tenant, principal, identity_sources, address, intent, payload,
    /// source.
    package init(context: DocumentNode) {
        let payload = context["payload"]?.json.objectValue ?? [:]
        self.init(
            subject: context["subject"]?.scalar?.text,
            roles: (context["roles"]?.sequence ?? []).compactMap { $0.scalar?.text },
            tenant: context["tenant"]?.scalar?.text, principal: context["principal"]?.scalar?.text,
            identitySources: IdentitySources(
                (context["identity_sources"].map { $0.sequence ?? [$0] } ?? [])
                    .compactMap { $0.string.flatMap(IdentitySource.init(rawValue:)).map { IdentitySources($0) } }),
            address: context["address"]?.scalar.flatMap { NetworkAddress($0.text) },
            intent: context["intent"]?.scalar?.text ?? "",
            content: .values(payload: payload, source: context["source"]?.scalar?.text))
    }
}
