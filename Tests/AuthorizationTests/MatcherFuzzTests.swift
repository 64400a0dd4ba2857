import Authorization
import Testing

@Suite("Matchers under random input")
struct MatcherFuzzTests {
    private let mesh = MeshSettings(pathNormalization: .none)

    @Test("patterns of paths match as the plain definition says", arguments: 1...20)
    func patterns(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<60 {
            let pattern = text(["a", "b", "*", "/", ".", "ab", "aaaaaaaa"], 1...5, &generator)
            let compiled = try compile(resource("rules: [{to: [{operation: {paths: ['\(pattern)']}}]}]"), mesh: mesh)
            for _ in 0..<60 {
                let path = "/" + text(["a", "b", "*", "/", ".", "aaaaaaaa"], 0...6, &generator)
                let isAllowed = compiled.evaluate(request(path)).isAllowed
                #expect(isAllowed == ReferenceEvaluator.matches(pattern, path), "\(pattern) on \(path)")
            }
        }
    }

    @Test("templates match as the regex they stand for", arguments: 1...20)
    func templates(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<30 {
            let template = template(&generator)
            let (documents, _) = load(resource("rules: [{to: [{operation: {paths: ['\(template)']}}]}]"))
            let compiled = CompiledAuthorization(
                try #require(documents, "\(template)"), mesh: mesh, workload: Workload(namespace: "foo"))
            let regex = try Regex(regexText(template))
            for _ in 0..<40 {
                let path = "/" + text(["a", "b", "/", "/", "*", "=", "é", "{", "b/a", "+"], 0...7, &generator)
                let expected = try regex.wholeMatch(in: path) != nil
                #expect(compiled.evaluate(request(path)).isAllowed == expected, "\(template) on \(path)")
            }
        }
    }

    @Test("patterns of namespaces match as their stars say, within one part of the identity", arguments: 1...20)
    func globs(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<40 {
            let pattern = text(["a", "b", "*", "-"], 1...6, &generator)
            let compiled = try compile(resource("rules: [{from: [{source: {namespaces: ['\(pattern)']}}]}]"))
            let regex = try Regex(pattern.replacing("*", with: "[ab-]*"))
            for _ in 0..<40 {
                let namespace = text(["a", "b", "-"], 1...7, &generator)
                let expected = try regex.wholeMatch(in: namespace) != nil
                let asked = request(principal: "td/ns/\(namespace)/sa/a")
                #expect(compiled.evaluate(asked).isAllowed == expected, "\(pattern) on \(namespace)")
            }
        }
    }

    @Test("mangled resources are read or refused, never more than that", arguments: 1...10)
    func loader(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let sample = Array(
            (resource(
                "selector: {matchLabels: {app: httpbin}}\naction: DENY\nrules: [{from: [{source: {ipBlocks: ['10.0.0.0/8'], "
                    + "principals: ['a/ns/b/sa/c']}}], to: [{operation: {paths: ['/a/{*}']}}], when: [{key: 'request.auth.claims[a][b]', "
                    + "values: ['*']}]}]")
                + resource(
                    "jwtRules: [{issuer: a, timeout: 5s, fromHeaders: [{name: x}]}]", kind: "RequestAuthentication")
                + resource("mtls: {mode: STRICT}\nportLevelMtls: {80: {mode: DISABLE}}", kind: "PeerAuthentication"))
                .utf8)
        for _ in 0..<300 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
                }
            }
            let (documents, findings) = load(String(decoding: bytes, as: UTF8.self))
            guard let documents else {
                #expect(findings.contains { $0.contains("error: ") })
                continue
            }
            let compiled = CompiledAuthorization(documents, mesh: MeshSettings(), workload: Workload(namespace: "foo"))
            _ = AuthorizationExplainer.explain(compiled, request("/a/b"))
        }
    }

    @Test("any bytes may come as path, host, header and identity", arguments: 1...10)
    func requests(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let compiled = try compile(
            resource(
                "rules: [{from: [{source: {namespaces: ['a*b'], notTrustDomains: ['*c']}}, {source: {serviceAccounts: [a/b]}}], "
                    + "to: [{operation: {paths: ['/a/{*}/{**}', '*x'], hosts: ['a*']}}], "
                    + "when: [{key: 'request.headers[x]', notValues: ['*y']}]}]"))
        for _ in 0..<2_000 {
            func bytes() -> [UInt8] {
                (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                    Bool.random(using: &generator)
                        ? UInt8.random(in: 0...255, using: &generator)
                        : Array("/ns/sa%2.*{}".utf8).randomElement(using: &generator) ?? 0
                }
            }
            var headers = AuthorizationHeaders()
            headers.append(name: "x", value: String(decoding: bytes(), as: UTF8.self))
            let asked = AuthorizationRequest(
                principal: PeerPrincipal(bytes()), destinationPort: 1, serverName: bytes()[...], method: bytes()[...],
                target: [UInt8(ascii: "/")] + bytes()[...], host: bytes()[...], headers: headers)
            _ = compiled.evaluate(asked)
            _ = AuthorizationExplainer.explain(compiled, asked)
        }
    }

    private func text(_ pieces: [String], _ count: ClosedRange<Int>, _ generator: inout SplitMix64) -> String {
        (0..<Int.random(in: count, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }
            .joined()
    }

    private func template(_ generator: inout SplitMix64) -> String {
        var segments = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
            ["a", "b", "{*}", "+"].randomElement(using: &generator) ?? ""
        }
        segments.append(["{*}", "{**}"].randomElement(using: &generator) ?? "")
        segments += (0..<Int.random(in: 0...2, using: &generator)).map { _ in
            ["a", "b/a"].randomElement(using: &generator) ?? ""
        }
        return "/" + segments.joined(separator: "/") + (Bool.random(using: &generator) ? "/" : "")
    }

    private func regexText(_ template: String) -> String {
        let set = #"A-Za-z0-9\-._~%!$&'()+,;:@="#
        return template.replacing("+", with: "\\+").replacing("{**}", with: "[\(set)/]#").replacing(
            "{*}", with: "[\(set)]+"
        )
        .replacing("#", with: "*")
    }
}
