import IntentPolicy
import IntentProtocol
import Testing

@Suite("payload conditions")
struct PayloadRegexTests {
    private func verdict(_ path: String, _ pattern: String, _ payload: String) throws -> String {
        let policy = try policy(
            "{\"default\": \"allow\", \"rules\": [{\"id\": \"rx\", \"action\": \"DENY\", \"payload_regex\": {\"\(path)\": \"\(pattern)\"}}]}",
            file: "p.json")
        let object = try #require(try JSONValue(parsing: Array(payload.utf8)).objectValue)
        return policy.verdict(request(payload: object))
    }

    @Test(
        "values are searched as Python's str() writes them, in any letter case",
        arguments: [
            (#"{"f": true}"#, "^True$"), (#"{"f": false}"#, "^false$"), (#"{"f": 1.0}"#, "^1\\\\.0$"),
            (#"{"f": 1}"#, "^1$"),
            (#"{"f": 1e16}"#, "^1e\\\\+16$"), (#"{"f": 1e15}"#, "^1000000000000000\\\\.0$"),
            (#"{"f": 0.00001}"#, "^1e-05$"),
            (#"{"f": 0.0001}"#, "^0\\\\.0001$"), (#"{"f": -0}"#, "^0$"), (#"{"f": -0.0}"#, "^-0\\\\.0$"),
            (#"{"f": 123456789012345678901234567890}"#, "^123456789012345678901234567890$"), (#"{"f": null}"#, "^$"),
            ("{}", "^$"),
            (#"{"f": [1, "a", null, true]}"#, "^\\\\[1, 'a', None, True\\\\]$"),
            (#"{"f": {"k": "it's"}}"#, "^\\\\{'k': \\\"it's\\\"\\\\}$"),
            (#"{"f": ["a\nb"]}"#, "a\\\\\\\\nb"), (#"{"f": "EMAIL"}"#, "email"), (#"{"f": "ΣΑΣ"}"#, "σας"),
            (#"{"f": []}"#, "^\\\\[\\\\]$"),
        ])
    func pythonText(payload: String, pattern: String) throws {
        #expect(try verdict("f", pattern, payload) == "DENY rx")
    }

    @Test(
        "a path is the member of that very name first, then the way through objects",
        arguments: [
            (#"{"a.b": "x"}"#, true), (#"{"a": {"b": "x"}}"#, true), (#"{"a.b": "y", "a": {"b": "x"}}"#, false),
            (#"{"a": {"c": "x"}}"#, false), (#"{"a": "x"}"#, false), (#"{"a": null}"#, false),
        ])
    func paths(payload: String, matches: Bool) throws {
        #expect(try verdict("a.b", "^x$", payload) == (matches ? "DENY rx" : "ALLOW default"))
    }

    @Test("all conditions of a rule must match")
    func allConditions() throws {
        let policy = try policy("default: allow\nrules:\n  - {id: rx, action: DENY, payload_regex: {a: '^1$', b: x}}\n")
        #expect(policy.verdict(request(payload: ["a": 1, "b": "x"])) == "DENY rx")
        #expect(policy.verdict(request(payload: ["a": 1, "b": "y"])) == "ALLOW default")
        #expect(policy.verdict(request(payload: ["b": "x"])) == "ALLOW default")
    }

    @Test(
        "an exponential search ends by its limit within 50 ms and is a fault",
        arguments: ["(a+)+$", "(a|a)*b$", "(a*)*c|z"])
    func exponential(pattern: String) throws {
        let regex = try PayloadRegex(pattern)
        let text = String(repeating: "a", count: 100 << 10) + "!bc"
        #expect(regex.search(text) == .exceededLimit)
        #expect(fastest { _ = regex.search(text) } < .milliseconds(50))
    }

    @Test("a text over the bound is a fault, one at the bound is searched")
    func longText() throws {
        let regex = try PayloadRegex("b")
        let bound = PayloadRegex.subjectBytesMax
        #expect(regex.search(String(repeating: "a", count: bound)) == .absent)
        #expect(regex.search(String(repeating: "a", count: bound + 1)) == .exceededLimit)
    }

    @Test("one expression serves several threads at once")
    func concurrency() async throws {
        let regex = try PayloadRegex("^(a|b)+c$")
        let outcomes = await withTaskGroup(of: PayloadRegex.Outcome.self) { group in
            for number in 0..<200 {
                group.addTask {
                    regex.search(String(repeating: "ab", count: number % 20 + 1) + (number % 2 == 0 ? "c" : "d"))
                }
            }
            return await group.reduce(into: [:]) { counts, outcome in counts[outcome, default: 0] += 1 }
        }
        #expect(outcomes == [.found: 100, .absent: 100])
    }
}
