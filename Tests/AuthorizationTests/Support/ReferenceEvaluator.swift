import Authorization

/// The rules of a decision written down once more, slowly and without any table or index, to be compared with.
struct ReferenceEvaluator {
    let policies: [AuthorizationPolicy]

    func isAllowed(_ asked: SampleRequest) -> Bool {
        func anyMatches(_ action: AuthorizationAction) -> Bool {
            policies.contains { $0.action == action && $0.rules.contains { matches($0, asked) } }
        }
        if anyMatches(.custom) || anyMatches(.deny) { return false }
        return !policies.contains { $0.action == .allow } || anyMatches(.allow)
    }

    private func matches(_ rule: AuthorizationRule, _ asked: SampleRequest) -> Bool {
        func anyHolds(_ alternatives: [[RuleTerm]]) -> Bool {
            alternatives.isEmpty || alternatives.contains { $0.allSatisfy { holds($0, asked) } }
        }
        return anyHolds(rule.sources) && anyHolds(rule.operations) && rule.conditions.allSatisfy { holds($0, asked) }
    }

    private func holds(_ term: RuleTerm, _ asked: SampleRequest) -> Bool {
        let isMatch = term.values.contains { value in
            switch term.attribute {
            case .principal: asked.principal.map { Self.matches(value, $0) } ?? false
            case .method: Self.matches(value, asked.method)
            case .path: Self.matches(value, asked.path)
            case .host: Self.matches(value.lowercased(), asked.host.lowercased())
            case .port: value == String(asked.port)
            case .header(let name):
                asked.headers.first { $0.0 == name }.map { value == "*" || Self.matches(value, $0.1) } ?? false
            default: false
            }
        }
        return isMatch != term.isNegated
    }

    /// Exact, prefix, suffix or presence.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
        let star = UInt8(ascii: "*")
        if pattern == [star] { return !text.isEmpty }
        if pattern.first == star { return text.reversed().starts(with: pattern.dropFirst().reversed()) }
        if pattern.last == star { return text.starts(with: pattern.dropLast()) }
        return text == pattern
    }
}

/// A request of few, often colliding values.
struct SampleRequest {
    let principal: String?
    let method: String
    let path: String
    let host: String
    let port: UInt16
    let headers: [(String, String)]

    static let principals = ["td/ns/a/sa/b", "td/ns/a/sa/c", "td/ns/aa/sa/b", "td/ns/a/sa/bb", "tdx/ns/a/sa/b"]
    static let methods = ["GET", "POST", "PUT"]
    static let paths = ["/", "/a", "/ab", "/a/b", "/a/b/c", "/b", "/b.css"]
    static let hosts = ["a.example", "B.example", "a.example:80", ""]

    init(using generator: inout SplitMix64) {
        principal = Bool.random(using: &generator) ? Self.principals.randomElement(using: &generator) : nil
        method = Self.methods.randomElement(using: &generator) ?? ""
        path = Self.paths.randomElement(using: &generator) ?? ""
        host = Self.hosts.randomElement(using: &generator) ?? ""
        port = [80, 8_080].randomElement(using: &generator) ?? 80
        headers =
            Bool.random(using: &generator) ? [("x-a", ["", "1", "12"].randomElement(using: &generator) ?? "")] : []
    }

    var request: AuthorizationRequest {
        AuthorizationTests.request(
            path, method: method, principal: principal, host: host, port: port, headers: headers)
    }
}
