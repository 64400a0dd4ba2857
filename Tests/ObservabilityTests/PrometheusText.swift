/// A strict reader of Prometheus' text format 0.0.4, for tests: whatever it does not expect is an error.
struct PrometheusText {
    struct Sample: Equatable {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    struct Family {
        let name: String
        let help: String
        let kind: String
        var samples: [Sample] = []
    }

    struct Malformed: Error {
        let line: Int
        let reason: String
    }

    private(set) var families: [Family] = []

    init(_ bytes: [UInt8]) throws {
        guard let text = String(validating: bytes, as: UTF8.self), text.isEmpty || text.hasSuffix("\n") else {
            throw Malformed(line: 0, reason: "not UTF-8, or no line feed at the end")
        }
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        var seen: Set<String> = []
        for (index, line) in lines.enumerated() {
            let words = String(line).split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
            func fail(_ reason: String) -> Malformed {
                Malformed(line: index + 1, reason: "\(reason): \(String(line))")
            }
            if line.starts(with: "# HELP ".unicodeScalars) {
                guard words.count == 4 else { throw fail("HELP without text") }
                guard !families.contains(where: { $0.name == words[2] }) else { throw fail("family twice") }
                families.append(Family(name: String(words[2]), help: String(words[3]), kind: ""))
            } else if line.starts(with: "# TYPE ".unicodeScalars) {
                guard let last = families.popLast(), last.name == words[2], last.kind.isEmpty, words.count == 4,
                    ["counter", "gauge", "histogram"].contains(words[3])
                else { throw fail("TYPE out of place") }
                families.append(Family(name: last.name, help: last.help, kind: String(words[3])))
            } else {
                guard let sample = Self.sample(String(line)) else { throw fail("not a sample") }
                guard let family = families.last, !family.kind.isEmpty else { throw fail("sample without family") }
                let suffixes = family.kind == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                guard suffixes.contains(where: { family.name + $0 == sample.name }) else { throw fail("foreign") }
                guard seen.insert("\(sample.name)\(sample.labels.sorted { $0.key < $1.key })").inserted else {
                    throw fail("series twice")
                }
                families[families.count - 1].samples.append(sample)
            }
        }
    }

    func samples(_ name: String) -> [Sample] {
        families.flatMap(\.samples).filter { $0.name == name }
    }

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples(name).first { $0.labels == labels }?.value
    }

    private static func sample(_ line: String) -> Sample? {
        var rest = Substring(line)
        let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
        guard !name.isEmpty, name.allSatisfy(\.isASCII) else { return nil }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            repeat {
                rest = rest.dropFirst()
                guard let (key, value) = label(&rest), labels.updateValue(value, forKey: key) == nil else { return nil }
            } while rest.first == ","
            guard rest.first == "}" else { return nil }
            rest = rest.dropFirst()
        }
        guard rest.first == " " else { return nil }
        let text = rest.dropFirst()
        let number = text == "+Inf" ? Double.infinity : text == "-Inf" ? -Double.infinity : Double(text)
        return number.map { Sample(name: name, labels: labels, value: $0) }
    }

    private static func label(_ rest: inout Substring) -> (String, String)? {
        let key = String(rest.prefix { $0 != "=" })
        rest = rest.dropFirst(key.count)
        guard !key.isEmpty, rest.hasPrefix("=\"") else { return nil }
        rest = rest.dropFirst(2)
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return (key, value)
            case "\\":
                switch rest.popFirst() {
                case "n": value.append("\n")
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                default: return nil
                }
            default: value.append(character)
            }
        }
        return nil
    }
}
