import IntentProtocol

/// Values of the admin plane as the text of a table.
enum Cell {
    static func text(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text): text
        case .number(let number): number.text
        case .bool(let flag): flag ? "yes" : "no"
        case .null, .array, .object, nil: "-"
        }
    }

    /// `2026-03-14T15:09:26Z` of `2026-03-14T15:09:26.535897Z`.
    static func second(_ value: JSONValue?) -> String {
        let text = text(value)
        guard let point = text.firstIndex(of: ".") else { return text }
        return text[..<point] + "Z"
    }
}
