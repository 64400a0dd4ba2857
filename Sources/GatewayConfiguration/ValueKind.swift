import Documents

/// What may stand at a key with a single value, in the file and in a variable.
struct ValueKind<Value: Sendable>: Sendable {
    /// For the reference table: `integer from 0 to 300`.
    let type: String
    /// For messages, after "must be": `an integer from 0 to 300`.
    let expectation: String
    /// The value of a scalar in the file; nil when it is none of this kind.
    let parse: @Sendable (DocumentScalar) -> Value?
    /// The value of a variable's text; nil when it is none of this kind.
    let parseVariable: @Sendable (String) -> Value?
    /// How the reference table shows a default.
    let show: @Sendable (Value) -> String
    /// What a wrong text was perhaps meant to be: "; did you mean 'info'?".
    var hint: @Sendable (String) -> String = { _ in "" }
    /// Whether a wrong value is not shown in messages, because it may be a secret.
    var hidesValue = false
}

extension ValueKind where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> ValueKind {
        let bounds = "integer from \(range.lowerBound) to \(range.upperBound)"
        return ValueKind(
            type: bounds, expectation: "an \(bounds)",
            parse: { $0.integer.flatMap { range.contains($0) ? $0 : nil } },
            parseVariable: { Int($0).flatMap { range.contains($0) ? $0 : nil } },
            show: { String($0) })
    }
}

extension ValueKind where Value == Bool {
    static var toggle: ValueKind {
        ValueKind(
            type: "true or false", expectation: "true or false", parse: { $0.boolean },
            parseVariable: { $0 == "true" ? true : $0 == "false" ? false : nil },
            show: { String($0) })
    }
}

extension ValueKind where Value == String {
    /// Text that is not empty, not endless, and holds no control characters.
    static func text(bytesMax: Int = 256, what: String = "string") -> ValueKind {
        checkedText(type: what, expectation: "a \(what) of 1 to \(bytesMax) bytes") { text in
            (1...bytesMax).contains(text.utf8.count)
        }
    }

    /// A URL of one of the schemes, without user, fragment, or spaces.
    static func url(_ schemes: [String]) -> ValueKind {
        let choice = schemes.map { $0 + "://" }.joined(separator: " or ")
        return checkedText(type: "\(choice) URL", expectation: "a URL that begins with \(choice) and names a host") {
            guard let address = WebAddress($0) else { return false }
            return schemes.contains(address.scheme)
        }
    }

    private static func checkedText(
        type: String, expectation: String, _ accepts: @escaping @Sendable (String) -> Bool
    ) -> ValueKind {
        let check: @Sendable (String) -> String? = { text in
            let isPrintable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
            return isPrintable && accepts(text) ? text : nil
        }
        return ValueKind(
            type: type, expectation: expectation,
            parse: { $0.kind == .string ? check($0.text) : nil }, parseVariable: check, show: { $0 })
    }
}

extension ValueKind where Value == HostAndPort {
    static var address: ValueKind {
        ValueKind(
            type: "host:port", expectation: "host:port, with an IPv6 host in brackets",
            parse: { $0.kind == .string ? HostAndPort($0.text) : nil },
            parseVariable: { HostAndPort($0) },
            show: { $0.description })
    }
}

extension ValueKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of a closed set of words; a variable may write it in any letter case.
    static func choice(note: String = "") -> ValueKind {
        let words = Value.allCases.map(\.rawValue)
        let choice = words.count == 1 ? words[0] : "one of \(words.joined(separator: ", "))"
        return ValueKind(
            type: choice, expectation: choice + note,
            parse: { $0.kind == .string ? Value(rawValue: $0.text) : nil },
            parseVariable: { text in Value.allCases.first { $0.rawValue.lowercased() == text.lowercased() } },
            show: { $0.rawValue },
            hint: { NearestWord.hint($0, among: words) })
    }
}
