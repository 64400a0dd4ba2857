import Documents

/// The keys of `when`.
enum ConditionKey {
    enum Result {
        case attribute(RuleAttribute)
        case refused(String)
    }

    private static let plain: [(key: String, attribute: RuleAttribute)] = [
        ("source.ip", .sourceAddress), ("remote.ip", .remoteAddress), ("source.namespace", .namespace),
        ("source.principal", .principal), ("source.serviceAccount", .serviceAccount),
        ("source.trustDomain", .trustDomain), ("request.auth.principal", .requestPrincipal),
        ("request.auth.audiences", .audiences), ("request.auth.presenter", .presenter),
        ("destination.ip", .destinationAddress), ("destination.port", .port), ("connection.sni", .serverName),
    ]
    private static let headers = "request.headers"
    private static let claims = "request.auth.claims"

    static func parse(_ key: String) -> Result {
        if let known = plain.first(where: { $0.key == key }) { return .attribute(known.attribute) }
        if key.hasPrefix(headers) {
            guard let name = bracketed(key, after: headers) else { return .refused("write request.headers[name]") }
            return header(name)
        }
        if key.hasPrefix(claims) {
            guard let inner = bracketed(key, after: claims) else {
                return .refused("write request.auth.claims[name], or [outer][inner] for a claim inside another")
            }
            let path = path(inner)
            guard path.count <= RuleLimits.claimDepthMax else {
                return .refused("at most \(RuleLimits.claimDepthMax) names inside each other are allowed")
            }
            return .attribute(.claim(path))
        }
        if key.hasPrefix("experimental.envoy.filters.") {
            return .refused("metadata of Envoy's filters does not exist here")
        }
        let known = plain.map(\.key) + ["\(headers)[name]", "\(claims)[name]"]
        return .refused(
            "unknown key \(MessageText.quoted(key))\(NearestWord.hint(key, among: known)); a policy with an unknown key is "
                + "refused whole, for a rule that is skipped would silently deny nothing")
    }

    private static func header(_ name: String) -> Result {
        let isToken = name.utf8.allSatisfy { byte in
            (0x21...0x7e).contains(byte) && !"()<>@,;:\\\"/[]?={}".utf8.contains(byte)
        }
        guard isToken else {
            return .refused(
                "\(MessageText.quoted(name)) is no header's name; use hosts, methods or paths for what is none")
        }
        return .attribute(.header(name.lowercased()))
    }

    private static func bracketed(_ key: String, after prefix: String) -> String? {
        let rest = key.dropFirst(prefix.count)
        guard rest.first == "[", rest.last == "]", rest.count > 2 else { return nil }
        return String(rest.dropFirst().dropLast())
    }

    /// `a][b` are two names; what is not a clean sequence of brackets is one name as it stands.
    private static func path(_ inner: String) -> [String] {
        let (open, close) = (UInt8(ascii: "["), UInt8(ascii: "]"))
        var names: [[UInt8]] = [[]]
        var rest = Array(inner.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == close, rest.first == open {
                rest.removeFirst()
                names.append([])
            } else {
                names[names.count - 1].append(byte)
            }
        }
        let isClean = names.allSatisfy { !$0.isEmpty && !$0.contains(open) && !$0.contains(close) }
        return isClean ? names.map { String(decoding: $0, as: UTF8.self) } : [inner]
    }
}
