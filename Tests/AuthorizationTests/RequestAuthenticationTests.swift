import Authorization
import IntentProtocol
import Testing

@Suite("RequestAuthentication")
struct RequestAuthenticationTests {
    private func tokens(_ spec: String, name: String = "r", namespace: String = "foo") -> String {
        resource(spec, kind: "RequestAuthentication", name: name, namespace: namespace)
    }

    @Test("a rule is given out with everything that it says")
    func fields() throws {
        let compiled = try compile(
            tokens(
                """
                selector: {matchLabels: {app: httpbin}}
                jwtRules:
                - issuer: https://idp.example.com
                  audiences: [a, "https://b/"]
                  jwksUri: https://idp.example.com/keys
                  fromHeaders: [{name: X-Token, prefix: "T "}, {name: x-raw}]
                  fromParams: [token]
                  fromCookies: [session]
                  outputPayloadToHeader: X-Payload
                  outputClaimToHeaders: [{header: X-Sub, claim: sub}]
                  forwardOriginalToken: true
                  timeout: 0.25s
                  spaceDelimitedClaims: [groups]
                """))
        let rule = try #require(compiled.tokenRules.first)
        #expect(rule.issuer == "https://idp.example.com")
        #expect(rule.keys == .address("https://idp.example.com/keys"))
        #expect(rule.places.headers.map(\.name) == ["x-token", "x-raw"])
        #expect(rule.places.headers.map(\.prefix) == ["T ", ""])
        #expect(rule.places.parameters == ["token"])
        #expect(rule.places.cookies == ["session"])
        #expect(rule.payloadHeader == "x-payload")
        #expect(rule.claimHeaders.map(\.header) == ["x-sub"])
        #expect(rule.forwardsToken)
        #expect(rule.timeoutMilliseconds == 250)
        #expect(compiled.spaceDelimitedClaims == ["groups"])
        #expect(rule.accepts(audiences: ["x", "http://a"]))
        #expect(rule.accepts(audiences: ["b"]))
        #expect(!rule.accepts(audiences: ["c"]))
    }

    @Test("defaults are the bearer header and access_token, discovery, five seconds")
    func defaults() throws {
        let rule = try #require(try compile(tokens("jwtRules: [{issuer: i}]")).tokenRules.first)
        #expect(rule.places.headers == [TokenRule().places.headers[0]])
        #expect(rule.places.headers.map(\.prefix) == ["Bearer "])
        #expect(rule.places.parameters == ["access_token"])
        #expect(rule.keys == .discovery)
        #expect(rule.timeoutMilliseconds == 5_000)
        #expect(!rule.forwardsToken)
        #expect(rule.accepts(audiences: []))
    }

    @Test("rules of the root namespace and the workload's are joined, by issuer; those of others are not")
    func joined() throws {
        let compiled = try compile(
            tokens("jwtRules: [{issuer: c}, {issuer: a}]")
                + tokens("jwtRules: [{issuer: b}]", namespace: "istio-system")
                + tokens("jwtRules: [{issuer: x}]", namespace: "bar")
                + tokens("selector: {matchLabels: {app: other}}\njwtRules: [{issuer: y}]", name: "s"))
        #expect(compiled.tokenRules.map(\.issuer) == ["a", "b", "c"])
    }

    @Test(
        "what Istio would not admit is refused",
        arguments: [
            ("jwtRules: [{}]", "needs an issuer"), ("jwtRules: [~]", "must not be null"),
            ("jwtRules: [{issuer: ''}]", "must not be empty"),
            ("jwtRules: [{jwks: '{\"keys\": []}'}]", "needs an issuer"),
            ("jwtRules: [{issuer: i, jwksUri: ftp://x}]", "must be an http:// or https://"),
            ("jwtRules: [{issuer: i, jwksUri: 'https://'}]", "must be an http:// or https://"),
            ("jwtRules: [{issuer: i, jwks: x}]", "must be a JSON object with a list 'keys'"),
            ("jwtRules: [{issuer: i, jwks: '{\"keys\": []}', jwksUri: https://a}]", "may not stand beside jwksUri"),
            ("jwtRules: [{issuer: i, audiences: ['']}]", "empty"),
            ("jwtRules: [{issuer: i, audience: [a]}]", "did you mean 'audiences'?"),
            ("jwtRules: [{issuer: i, fromHeaders: [{prefix: a}]}]", "name is required"),
            ("jwtRules: [{issuer: i, fromHeaders: [{name: 'a b'}]}]", "is no header's name"),
            ("jwtRules: [{issuer: i, fromParams: ['']}]", "empty"),
            ("jwtRules: [{issuer: i, outputClaimToHeaders: [{header: a}]}]", "claim is required"),
            ("jwtRules: [{issuer: i, outputPayloadToHeader: \"a\\r\\nb\"}]", "is no header's name"),
            ("jwtRules: [{issuer: i, timeout: 5}]", "must be a string"),
            ("jwtRules: [{issuer: i, timeout: 0s}]", "must be 0.001s"),
            ("jwtRules: [{issuer: i, timeout: 1m}]", "must be 0.001s"),
            (
                "jwtRules: [{issuer: i, spaceDelimitedClaims: [\(Array(repeating: "a", count: 65).joined(separator: ","))]}]",
                "at most 64"
            ),
        ])
    func refused(spec: String, reason: String) {
        let (documents, findings) = load(tokens(spec))
        #expect(documents == nil)
        #expect(findings.contains { $0.contains(reason) }, "\(findings)")
    }

    @Test("bad tokens refused but none asked for is warned of")
    func lint() {
        let only = tokens("jwtRules: [{issuer: i}]")
        #expect(load(only).findings.contains { $0.contains("requests without a token pass it") })
        let asked = only + resource("rules: [{from: [{source: {requestPrincipals: ['*']}}]}]")
        #expect(load(asked).findings == [])
    }

    @Test(
        "request principals follow Istio's cut at the last slash",
        arguments: [
            ("*", "i", "s", true), ("*", "i", "", false), ("*", "", "s", false), ("*", "i", nil, false),
            ("i/s", "i", "s", true),
            ("i/s", "i", "t", false), ("i/*", "i", "s", true), ("i/*", "i", "", false), ("i/s*", "i", "sub", true),
            ("i/s*", "j", "sub", false),
            ("*/s", "i", "s", true), ("*/s", "", "s", false), ("*i/s", "xi", "s", true), ("*i/s", "xj", "s", false),
            ("*/*", "i", "s", false), ("*/*", "i", "*", true), ("*s", "i", "subs", true), ("*s", "i", "t", false),
            ("i*", "issuer", "s", true), ("i*", "issuer", "", false), ("i", "i", "", true), ("i", "i", nil, false),
            ("i", "i", "s", false),
            ("a/b/c", "a/b", "c", true), ("a/b/c", "a", "b/c", false),
        ] as [(String, String, String?, Bool)])
    func requestPrincipals(value: String, issuer: String, subject: String?, expected: Bool) throws {
        let compiled = try compile(resource("rules: [{from: [{source: {requestPrincipals: ['\(value)']}}]}]"))
        var claims: JSONObject = ["iss": .string(issuer)]
        if let subject { claims["sub"] = .string(subject) }
        var asked = request()
        asked.token = TokenAttributes(claims: claims)
        #expect(compiled.evaluate(asked).isAllowed == expected)
    }

    @Test(
        "claims match texts and lists of texts, at any depth, and nothing else",
        arguments: [
            ("[a]", "x", true), ("[a]", "y", false), ("[l]", "two", true), ("[l]", "o*", true), ("[l]", "3", false),
            ("[n]", "1", false),
            ("[t]", "true", false), ("[z]", "*", false), ("[o]", "*", false), ("[o][p]", "deep", true),
            ("[o][q][r]", "z", true),
            ("[a.b]", "dots", true), ("[a][b]", "dots", false), ("[x[y]", "odd", true), ("[e]", "*", false),
            ("[groups]", "b", true),
            ("[groups]", "a b", false), ("[scope]", "write", true), ("[blank]", " ", true), ("[A]", "x", false),
            ("[missing]", "*", false),
        ])
    func claims(key: String, value: String, expected: Bool) throws {
        let claims: JSONObject = [
            "a": "x", "l": ["one", "two", 3], "n": 1, "t": true, "z": .null, "o": ["p": "deep", "q": ["r": "z"]],
            "a.b": "dots", "x[y": "odd", "e": "", "groups": "a b", "scope": "read write", "blank": " ",
        ]
        var asked = request()
        asked.token = TokenAttributes(claims: claims, spaceDelimitedClaims: ["groups", "blank"])
        for (list, holds) in [("values", expected), ("notValues", !expected)] {
            let compiled = try compile(
                resource("rules: [{when: [{key: 'request.auth.claims\(key)', \(list): ['\(value)']}]}]"))
            #expect(compiled.evaluate(asked).isAllowed == holds, "\(list)")
        }
    }
}
