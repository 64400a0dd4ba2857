import Documents
import Foundation
import RedisFixtures
import Testing

/// The shared decision cases on a real Envoy, translated as Istio translates policies, beside our own decisions: there is no difference.
///
/// The tokens of the cases are real ones, signed here and verified by Envoy. What is other than in a mesh of Istio:
///
/// | | Istio | here | why |
/// |---|---|---|---|
/// | `ipBlocks`, `source.ip` | `direct_remote_ip` | `source_ip` | no peer here has such an address but by PROXY protocol |
/// | `destination.ip`, `ports` | the redirected socket | the PROXY protocol | as above |
/// | CUSTOM | asks a provider | denies | no case needs the provider's answer; Istio denies for an unknown one |
/// | dry-run, AUDIT | shadow rules | left out | they decide nothing |
/// | PeerAuthentication | chosen filter chains | left out | it decides about connections, not requests |
@Suite("Istio's decisions on a real Envoy")
struct DecisionTests {
    @Test("every case that Envoy's filters can express gets the same decision from Envoy as from us")
    func sameDecisions() async throws {
        let (cases, untranslated) = try Self.cases()
        let envoy = try DecisionEnvoy(cases)
        var found: [String: String] = [:]
        var counts = [true: 0, false: 0]
        for example in cases {
            let decision = try await envoy.decision(on: example)
            counts[decision == .allow, default: 0] += 1
            if decision != (example.isAllowedByUs ? .allow : .deny) {
                found[example.name] = "we \(example.isAllowedByUs ? "allow" : "deny"), Envoy: \(decision)"
            }
        }
        #expect(found == [:])
        #expect(counts == [true: 92, false: 73])
        #expect(untranslated.count == 7 && untranslated.keys.allSatisfy { $0.hasPrefix("peerauth-") })
    }

    /// The cases that translate, and why the others do not.
    private static func cases() throws -> (translated: [DecisionCase], untranslated: [String: String]) {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/istio/cases.json")
        let node = try DocumentParser.json(try String(contentsOf: file, encoding: .utf8), file: "cases.json")
        var translated: [DecisionCase] = []
        var untranslated: [String: String] = [:]
        for entry in node.sequence ?? [] {
            do {
                translated.append(try DecisionCase(entry))
            } catch let fault as Untranslated {
                untranslated[entry["name"]?.string ?? ""] = fault.reason
            }
        }
        return (translated, untranslated)
    }
}
