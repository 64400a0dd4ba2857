import Authorization
import IntentProtocol
import Testing

@Suite("Where tokens stand, and what rules make of them")
struct TokenPlacesTests {
    private func policies(_ rules: String...) throws -> CompiledAuthorization {
        try compile(
            rules.enumerated().map {
                resource("jwtRules: [\($0.element)]", kind: "RequestAuthentication", name: "r\($0.offset)")
            }.joined())
    }

    private func present(
        _ policies: CompiledAuthorization, _ target: String = "/", _ headers: [(String, String)] = []
    ) -> String {
        var list = AuthorizationHeaders()
        for (name, value) in headers { list.append(name: name, value: value) }
        switch policies.tokenPlaces.present(target: Array(target.utf8)[...], headers: list) {
        case .nothing: return "nothing"
        case .several: return "several"
        case .one(let token, _): return String(decoding: token, as: UTF8.self)
        }
    }

    @Test("without rules, or with none that names places, the usual ones are looked at")
    func usual() throws {
        #expect(try !policies().tokenPlaces.areAny)
        let usual = try policies("{ issuer: a }")
        #expect(present(usual, "/x?access_token=t1") == "t1")
        #expect(present(usual, "/x?b=1&access_token=t1&c") == "t1")
        #expect(present(usual, "/x?Access_Token=t1&xaccess_token=t2&access_token=") == "nothing")
        #expect(present(usual, "/access_token=t1", [("x-token", "t2")]) == "nothing")
        #expect(try !policies("{ issuer: a }").tokenPlaces.areInHeaders)
    }

    @Test("a rule that names places is looked for there alone")
    func named() throws {
        let rule = try policies(
            "{ issuer: a, fromHeaders: [{ name: X-Token }, { name: x-prefixed, prefix: 'Tok ' }], fromParams: [t], fromCookies: [session] }"
        )
        #expect(present(rule, "/x?access_token=t1") == "nothing")
        #expect(present(rule, "/x?t=t1") == "t1")
        #expect(present(rule, "/", [("x-token", "t1")]) == "t1")
        #expect(present(rule, "/", [("X-PREFIXED", "Tok t1")]) == "t1")
        #expect(present(rule, "/", [("x-prefixed", "Other, Tok t1")]) == "t1")
        #expect(present(rule, "/", [("x-prefixed", "tok t1")]) == "nothing")
        #expect(present(rule, "/", [("Cookie", "a=b; session=t1; c=d")]) == "t1")
        #expect(present(rule, "/", [("cookie", "Session=t1"), ("cookie", "session=")]) == "nothing")
        #expect(rule.tokenPlaces.areInHeaders && rule.readsHeaders)
    }

    @Test("one token may stand at several places; tokens that differ are told apart from one")
    func several() throws {
        let rules = try policies("{ issuer: a, fromHeaders: [{ name: x-a }] }", "{ issuer: b, fromParams: [b] }")
        #expect(present(rules, "/?b=t1", [("x-a", "t1")]) == "t1")
        #expect(present(rules, "/?b=t2", [("x-a", "t1")]) == "several")
        #expect(present(rules, "/", [("x-a", "t1"), ("x-a", "t2")]) == "several")
        #expect(present(rules, "/?b=t1&b=t1") == "t1")
    }

    private static let claims: JSONObject = [
        "iss": "a", "sub": "alice", "aud": ["one", "https://two/"], "level": 3, "ok": true,
        "nested": ["name": "deep"], "list": ["x"], "evil": "a\r\nx-admin: yes",
    ]

    private func outcome(_ policies: CompiledAuthorization, issuer: String = "a", at places: TokenPlaceSet = .usual)
        -> String
    {
        let token = policies.judge(claims: Self.claims, encodedPayload: "cGF5", issuer: issuer)
        switch policies.outcome(of: token, at: places) {
        case .unseen: return "unseen"
        case .believed(let rule): return "rule \(rule)"
        case .otherIssuer: return "other issuer"
        case .otherAudience: return "other audience"
        }
    }

    @Test("a rule believes tokens of its issuer and audience, at its places")
    func outcomes() throws {
        #expect(outcome(try policies("{ issuer: a }")) == "rule 0")
        #expect(outcome(try policies("{ issuer: b }")) == "other issuer")
        #expect(outcome(try policies("{ jwksUri: 'https://x/' }")) == "rule 0")
        #expect(outcome(try policies("{ issuer: a, audiences: [two] }")) == "rule 0")
        #expect(outcome(try policies("{ issuer: a, audiences: [three] }")) == "other audience")
        #expect(outcome(try policies("{ issuer: a, audiences: [three] }", "{ issuer: b }")) == "other audience")
        #expect(
            outcome(try policies("{ issuer: a, audiences: [three] }", "{ issuer: a, audiences: [one] }")) == "rule 1")
        #expect(outcome(try policies("{ issuer: a, fromHeaders: [{ name: x-a }] }")) == "unseen")
        #expect(outcome(try policies("{ issuer: a, fromHeaders: [{ name: x-a }] }", "{ issuer: b }")) == "other issuer")
    }

    @Test("what a rule makes of a token is safe in a header, and left out where it is not")
    func outputs() throws {
        let rules = try policies(
            """
            { issuer: a, outputPayloadToHeader: X-Payload, outputClaimToHeaders: [{ header: x-sub, claim: sub }, \
            { header: x-level, claim: level }, { header: x-ok, claim: ok }, { header: x-deep, claim: nested.name }, \
            { header: x-list, claim: list }, { header: x-evil, claim: evil }, { header: x-none, claim: none }] }
            """)
        let token = rules.judge(claims: Self.claims, encodedPayload: "cGF5", issuer: "a")
        let made = token.headers(ofRule: 0).map { "\($0.name)=\($0.value)" }
        #expect(made == ["x-payload=cGF5", "x-sub=alice", "x-level=3", "x-ok=true", "x-deep=deep"])
    }

    @Test(
        "a token may not be made into a header that means something to a connection",
        arguments: ["Host", "content-length", "Transfer-Encoding", "traceparent", "x-intentus-timeout-ms"])
    func takenNames(_ name: String) {
        let findings = load(
            resource("jwtRules: [{ issuer: a, outputPayloadToHeader: \(name) }]", kind: "RequestAuthentication")
        ).findings
        #expect(findings.contains { $0.contains("take another") }, "\(findings)")
    }
}
