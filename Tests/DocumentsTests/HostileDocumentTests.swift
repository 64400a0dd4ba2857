import Documents
import Foundation
import Synchronization
import Testing

@Suite("hostile documents")
struct HostileDocumentTests {
    private static let laughs: String = {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...20 {
            let entries = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(entries)]\n"
        }
        return text
    }()

    @Test("a billion laughs end at the node limit", .timeLimit(.minutes(1)))
    func billionLaughs() {
        let messages = faults(yaml: Self.laughs)
        #expect(messages.count == 1)
        #expect(messages[0].hasSuffix("error: the document is too large: more than 100000 values"))
    }

    @Test(
        "a billion laughs inside a key are refused before the library hashes them", .timeLimit(.minutes(1)),
        arguments: [
            "{*a20 : 1}", "{[*a20]: 1}", "{{x: *a20}: 1}", "? *a20\n: 1", "? [*a20]\n: 1", "*a20 : 1", "[? *a20 : 1]",
            "{ *a20 }", "{ *a20, b: 1 }", "{ [*a20] }", "{a, [\n*a20]}", "{ &x {y: *a20} }", "[{ !t\n [*a20] }]",
        ])
    func laughingKeys(key: String) throws {
        try expectRefusal(of: Self.laughs + "k:\n  \(key.replacing("\n", with: "\n  "))\n")
    }

    @Test(
        "aliases behind tags are counted", .timeLimit(.minutes(1)),
        arguments: ["!<t>,*a", "!<t,u>,*a", "!t,*a", "!,*a", "!<t> ,*a", "!!str ,*a"])
    func tags(alias: String) throws {
        var text = "a0: &a0 [x, x, x]\n"
        for level in 1...30 {
            let entries = Array(repeating: "\(alias)\(level - 1)", count: 3).joined(separator: ",")
            text += "a\(level): &a\(level) [\(entries) ]\n"
        }
        try expectRefusal(of: text + "? *a30\n: 1\n")
    }

    /// What is not refused keeps the library busy for ever: on a thread of its own, so that the test ends all the same.
    private func expectRefusal(of text: String) throws {
        let messages = Mutex<[String]?>(nil)
        let isOver = DispatchSemaphore(value: 0)
        Thread {
            let found = faults(yaml: text)
            messages.withLock { $0 = found }
            isOver.signal()
        }.start()
        try #require(isOver.wait(timeout: .now() + 10) == .success, "not refused within ten seconds")
        let found = try #require(messages.withLock { $0 })
        #expect(found.count == 1)
        #expect(found[0].hasSuffix("error: too many aliases beside keys that are not plain text"))
    }

    @Test("many flat aliases are fine")
    func flatAliases() throws {
        let uses = (0..<500).map { "k\($0): *x" }.joined(separator: "\n")
        let root = try DocumentParser.yaml("base: &x {a: 1, b: [2, 3]}\n\(uses)\n", file: "f.yaml")
        #expect(root.mapping?.count == 501)
    }

    @Test("nesting ends at the depth limit", .timeLimit(.minutes(1)), arguments: [65, 900, 5_000, 100_000])
    func nesting(depth: Int) {
        let opened = String(repeating: "[", count: depth)
        let text = opened + String(repeating: "]", count: depth)
        #expect(faults(json: text).count == 1)
        #expect(faults(yaml: text).count == 1)
        #expect(faults(json: opened).count == 1)
        #expect(faults(yaml: opened).count == 1)
        #expect(faults(yaml: String(repeating: "{a: ", count: depth)).count == 1)
        #expect(faults(yaml: String(repeating: "- ", count: depth) + "x").count == 1)
    }

    @Test("64 levels are accepted")
    func deepestAccepted() {
        let text = String(repeating: "[", count: 64) + "1" + String(repeating: "]", count: 64)
        #expect(faults(json: text).isEmpty)
        #expect(faults(yaml: text).isEmpty)
    }

    @Test("size is bounded by bytes and by values")
    func sizes() {
        var limits = DocumentLimits()
        limits.bytesMax = 10
        limits.nodesMax = 3
        #expect(faults(json: "[1, 2, 3, 4]", limits: limits) == ["f.json:1:1: error: the file has more than 10 bytes"])
        #expect(faults(json: "[1,2,3]", limits: limits) == ["f.json:1:6: error: not valid JSON: more than 3 values"])
        #expect(faults(json: "[1,2]", limits: limits).isEmpty)
        #expect(
            faults(yaml: "[1,2,3]", limits: limits) == [
                "f.yaml:1:6: error: the document is too large: more than 3 values"
            ])
    }

    @Test("one long line of JSON costs linear time", .timeLimit(.minutes(1)))
    func longLine() throws {
        let entries = (0..<40_000).map { "{\"key\(String(repeating: "x", count: 60))\":\($0)}" }
        let root = try DocumentParser.json("[\(entries.joined(separator: ","))]", file: "f.json")
        #expect(root.sequence?.count == 40_000)
    }

    @Test("messages carry no control characters and no endless text")
    func messages() {
        let messages = faults(json: "{\"\\u001b[31m\": 1, \"\\u001b[31m\": 2}")
        #expect(messages == ["f.json:1:19: error: duplicate key '\\u{1b}[31m'; first given on line 1"])
        let long = MessageText.quoted(String(repeating: "y", count: 1_000))
        #expect(long.count == 63)
        #expect(MessageText.quoted("a\u{202e}b") == "'a\\u{202e}b'")
    }
}
