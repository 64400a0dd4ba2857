import Authorization
import Testing

@Suite("Properties of evaluation")
struct EvaluationPropertyTests {
    @Test("random policies decide as the slow evaluator does, in any order of policies and rules", arguments: 1...20)
    func reference(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<25 {
            let text = (0..<Int.random(in: 1...6, using: &generator)).map { place in
                policy("p\(place)", &generator)
            }
            let (documents, findings) = load(text.joined())
            let read = try #require(documents, "\(findings) \(text)")
            let workload = Workload(namespace: "foo")
            let compiled = CompiledAuthorization(read, mesh: MeshSettings(), workload: workload)
            var shuffled = read
            shuffled.policies.shuffle(using: &generator)
            let other = CompiledAuthorization(shuffled, mesh: MeshSettings(), workload: workload)
            let slow = ReferenceEvaluator(policies: read.policies)
            for _ in 0..<40 {
                let asked = SampleRequest(using: &generator)
                let decision = compiled.evaluate(asked.request)
                #expect(decision.isAllowed == slow.isAllowed(asked), "\(text.joined()) \(asked) \(decision)")
                #expect(other.evaluate(asked.request).isAllowed == decision.isAllowed, "\(text.joined()) \(asked)")
                // The explanation walks the same rules and must say the same.
                #expect(
                    AuthorizationExplainer.explain(compiled, asked.request).contains("decision: \(decision.reason)"))
            }
        }
    }

    @Test("what a DENY rule matches is denied, whatever is allowed beside it", arguments: 1...20)
    func denyFirst(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<20 {
            let deny = "action: DENY\nrules: \(rules(&generator))"
            let alone = try compile(resource(deny, name: "d"))
            let beside = try compile(
                resource("rules: [{}]", name: "all") + resource("rules: \(rules(&generator))", name: "some")
                    + resource(deny, name: "d"))
            for _ in 0..<40 {
                let asked = SampleRequest(using: &generator).request
                #expect(alone.evaluate(asked).isAllowed == beside.evaluate(asked).isAllowed, "\(deny)")
            }
        }
    }

    @Test("a negated field is the opposite of the same field without the not", arguments: 1...20)
    func negation(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<20 {
            let (name, values) = field(&generator)
            let group = ["principals"].contains(name) ? "from: [{source: " : "to: [{operation: "
            let not = "not\(name.prefix(1).uppercased())\(name.dropFirst())"
            let one = try compile(resource("rules: [{\(group){\(name): \(values)}}]}]"))
            let other = try compile(resource("rules: [{\(group){\(not): \(values)}}]}]"))
            for _ in 0..<40 {
                let asked = SampleRequest(using: &generator).request
                #expect(one.evaluate(asked).isAllowed != other.evaluate(asked).isAllowed, "\(name) \(values)")
            }
        }
    }

    private func policy(_ name: String, _ generator: inout SplitMix64) -> String {
        let action = ["ALLOW", "ALLOW", "DENY", "AUDIT"].randomElement(using: &generator) ?? "ALLOW"
        return resource("action: \(action)\nrules: \(rules(&generator))", name: name)
    }

    private func rules(_ generator: inout SplitMix64) -> String {
        let rules = (0..<Int.random(in: 1...5, using: &generator)).map { _ in rule(&generator) }
        return "[\(rules.joined(separator: ", "))]"
    }

    private func rule(_ generator: inout SplitMix64) -> String {
        var parts: [String] = []
        if Bool.random(using: &generator) {
            parts.append("from: [\(alternatives("source", ["principals"], &generator))]")
        }
        if Bool.random(using: &generator) {
            parts.append("to: [\(alternatives("operation", ["paths", "methods", "hosts", "ports"], &generator))]")
        }
        if Int.random(in: 0...3, using: &generator) == 0 {
            let list = Bool.random(using: &generator) ? "values" : "notValues"
            let (key, values) =
                [
                    ("'request.headers[x-a]'", "['*']"), ("'request.headers[x-a]'", "['1*']"),
                    ("source.principal", "['td/ns/a/sa/b']"),
                ]
                .randomElement(using: &generator) ?? ("", "")
            parts.append("when: [{key: \(key), \(list): \(values)}]")
        }
        return "{\(parts.joined(separator: ", "))}"
    }

    private func alternatives(_ kind: String, _ names: [String], _ generator: inout SplitMix64) -> String {
        (0..<Int.random(in: 1...3, using: &generator)).map { _ in
            var fields: [String: String] = [:]
            repeat {
                let (name, values) = field(&generator)
                guard names.contains(name) else { continue }
                let isNegated = Int.random(in: 0...3, using: &generator) == 0
                fields[isNegated ? "not\(name.prefix(1).uppercased())\(name.dropFirst())" : name] = values
            } while fields.isEmpty
            return
                "{\(kind): {\(fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}}"
        }.joined(separator: ", ")
    }

    private func field(_ generator: inout SplitMix64) -> (name: String, values: String) {
        let name = ["principals", "paths", "methods", "hosts", "ports"].randomElement(using: &generator) ?? ""
        let candidates =
            switch name {
            case "principals": SampleRequest.principals + ["*", "td/ns/a/*", "*/sa/b", "td*"]
            case "paths": SampleRequest.paths + ["*", "/a*", "*.css", "/a/*", "*b"]
            case "methods": SampleRequest.methods + ["*", "P*"]
            case "hosts": ["a.example", "A.EXAMPLE", "*.example", "a.*", "*:80"]
            default: ["80", "8080", "443"]
            }
        let values = (0..<Int.random(in: 1...3, using: &generator)).compactMap { _ in
            candidates.randomElement(using: &generator).map { "'\($0)'" }
        }
        return (name, "[\(values.joined(separator: ", "))]")
    }
}
