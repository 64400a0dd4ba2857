/// An AuthorizationPolicy in Envoy's words, by Istio's own rules of translation.
struct RBACPolicy {
    let action: String
    /// Envoy's policies, one a rule, by their names.
    let rules: [String: EnvoyValue]

    init(_ policy: PlainNode, namespace: String, names: TrustDomainNames) throws {
        let spec = policy["spec"]
        action = spec["action"].isAbsent ? "ALLOW" : spec["action"].text
        let source = RBACSource(names: names, namespace: namespace)
        let translated = try spec["rules"].list.enumerated().map { number, rule in
            ("ns[\(namespace)]-policy[\(policy["metadata"]["name"].text)]-rule[\(number)]", try Self.rule(rule, source))
        }
        rules = Dictionary(translated) { $1 }
    }

    private static func rule(_ rule: PlainNode, _ source: RBACSource) throws -> EnvoyValue {
        let conditions = try rule["when"].list.map { try condition($0, source) }
        func joined(_ alternatives: [[RBACTerm]], _ side: RBACSide) -> EnvoyValue {
            let common = conditions.filter { $0.side == side }
            return .list(
                (alternatives.isEmpty ? [[]] : alternatives).map { side.all(($0 + common).flatMap(\.matchers)) })
        }
        return [
            "permissions": joined(rule["to"].list.map { operation($0["operation"]) }, .permission),
            "principals": joined(rule["from"].list.map { self.source($0["source"], source) }, .principal),
        ]
    }

    private static func source(_ fields: PlainNode, _ source: RBACSource) -> [RBACTerm] {
        func values(_ key: String) -> ([String], [String]) {
            (fields[key].texts, fields["not\(key.prefix(1).uppercased())\(key.dropFirst())"].texts)
        }
        let makers: [(String, ([String], [String]) -> RBACTerm)] = [
            ("principals", source.principals), ("namespaces", source.namespaces),
            ("serviceAccounts", source.serviceAccounts), ("trustDomains", source.trustDomains),
            ("ipBlocks", source.addresses), ("remoteIpBlocks", source.remoteAddresses),
            ("requestPrincipals", source.requestPrincipals),
        ]
        return makers.map { key, make in
            let (positive, negative) = values(key)
            return make(positive, negative)
        }
    }

    private static func operation(_ fields: PlainNode) -> [RBACTerm] {
        func term(_ key: String, _ notKey: String, _ matcher: @escaping (String) -> EnvoyValue) -> RBACTerm {
            RBACTerm(
                side: .permission, values: fields[key].texts, notValues: fields[notKey].texts, matcher: matcher)
        }
        return [
            term("hosts", "notHosts") { RBACMatcher.header(":authority", $0, ignoresCase: true) },
            term("methods", "notMethods") { RBACMatcher.header(":method", $0) },
            term("paths", "notPaths") { RBACMatcher.path($0) },
            term("ports", "notPorts") { ["destination_port": .number(Int($0) ?? -1)] },
        ]
    }

    private static func condition(_ condition: PlainNode, _ source: RBACSource) throws -> RBACTerm {
        let key = condition["key"].text
        let (values, notValues) = (condition["values"].texts, condition["notValues"].texts)
        func permission(_ matcher: @escaping (String) -> EnvoyValue) -> RBACTerm {
            RBACTerm(side: .permission, values: values, notValues: notValues, matcher: matcher)
        }
        switch key {
        case "source.ip": return source.addresses(values, notValues)
        case "remote.ip": return source.remoteAddresses(values, notValues)
        case "source.namespace": return source.namespaces(values, notValues)
        case "source.principal": return source.principals(values, notValues)
        case "source.serviceAccount": return source.serviceAccounts(values, notValues)
        case "source.trustDomain": return source.trustDomains(values, notValues)
        case "request.auth.principal": return source.requestPrincipals(values, notValues)
        case "request.auth.audiences": return source.claim(["aud"], values, notValues)
        case "request.auth.presenter": return source.claim(["azp"], values, notValues)
        case "destination.ip": return permission { ["destination_ip": RBACMatcher.block($0)] }
        case "destination.port": return permission { ["destination_port": .number(Int($0) ?? -1)] }
        case "connection.sni": return permission { ["requested_server_name": RBACMatcher.string($0)] }
        default: break
        }
        let names = key.split(whereSeparator: { $0 == "[" || $0 == "]" }).dropFirst().map(String.init)
        if key.hasPrefix("request.headers[") { return source.header(names[0], values, notValues) }
        guard key.hasPrefix("request.auth.claims[") else { throw Untranslated(reason: "when \(key)") }
        return source.claim(names, values, notValues)
    }
}

/// What has no words in Envoy.
struct Untranslated: Error {
    let reason: String
}
