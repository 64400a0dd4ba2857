import Documents
import IntentProtocol
import Testing

@testable import Authorization

/// The reader refuses what is no address block; should one come through all the same, it is a pattern that nothing fits.
@Suite("An address block that cannot be read")
struct UnreadableBlockTests {
    @Test("matches nobody, and its negation everybody", arguments: [false, true])
    func matchesNobody(isNegated: Bool) {
        var builder = RuleTableBuilder(TrustDomains(MeshSettings()))
        let rule = AuthorizationRule(
            sources: [
                [RuleTerm(name: "ipBlocks", attribute: .sourceAddress, values: ["nonsense"], isNegated: isNegated)]
            ], location: SourceLocation(file: "p.yaml", line: 1, column: 1))
        let row = builder.add(rule, place: 0, policy: 0, namespace: "foo")
        let rules = FrozenRules(builder.table)
        let path = Array("/".utf8)[...]
        var request = AuthorizationRequest(destinationPort: 80, method: Array("GET".utf8)[...], target: path)
        request.sourceAddress = NetworkAddress("10.0.0.1")
        #expect(rules.with(request, path: path) { rules, view in rules.matches(row, view) } == isNegated)
    }
}
