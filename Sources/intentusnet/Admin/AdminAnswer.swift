import IntentProtocol

/// What a gateway answered on its admin plane.
struct AdminAnswer {
    let status: UInt
    let bytes: [UInt8]
    let fields: JSONObject

    func printJSON() {
        print(String(decoding: bytes, as: UTF8.self), terminator: "")
    }

    /// A line for each fact: `isDrained: yes`.
    func printFacts() {
        for (name, value) in fields.map({ ($0.key, $0.value) }) {
            switch value {
            case .array(let values) where values.allSatisfy({ $0.objectValue != nil }):
                for value in values.compactMap(\.objectValue) {
                    print(
                        "\(name): " + value.map { "\($0.key)=\(Self.line(Cell.text($0.value)))" }.joined(separator: " ")
                    )
                }
            case .array(let values):
                print("\(name): \(Self.line(values.map { Cell.text($0) }.joined(separator: ", ")))")
            case .object, .string, .number, .bool, .null: print("\(name): \(Self.line(Cell.text(value)))")
            }
        }
    }

    /// What `intentusnet check` prints of the same findings.
    func printFindings() {
        for finding in (fields["findings"]?.arrayValue ?? []).compactMap(\.objectValue) {
            let place = finding["file"]?.stringValue.map {
                "\($0):\(Cell.text(finding["line"])):\(Cell.text(finding["column"])): "
            }
            print(Self.line("\(place ?? "")\(Cell.text(finding["severity"])): \(Cell.text(finding["message"]))"))
        }
        print("\(Cell.text(fields["errors"])) errors, \(Cell.text(fields["warnings"])) warnings")
    }

    /// What would move a terminal's cursor is not printed.
    private static func line(_ text: String) -> String { TextTable.printable(text) }
}
