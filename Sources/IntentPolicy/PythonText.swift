package import IntentProtocol

/// The text that Python's `str()` makes of a JSON value, on which payload regexes of existing policies were written.
package enum PythonText {
    /// `str(value)`; the empty text for a value that is absent or null.
    package static func text(of value: JSONValue?) -> String {
        switch value {
        case nil, .null: ""
        case .string(let text): text
        case .bool, .number, .array, .object: value.map(representation(of:)) ?? ""
        }
    }

    /// `repr(value)`.
    private static func representation(of value: JSONValue) -> String {
        switch value {
        case .null: "None"
        case .bool(let isTrue): isTrue ? "True" : "False"
        case .number(let number): self.number(number)
        case .string(let text): quoted(text)
        case .array(let items): "[" + items.map(representation(of:)).joined(separator: ", ") + "]"
        case .object(let object):
            "{" + object.map { quoted($0.key) + ": " + representation(of: $0.value) }.joined(separator: ", ") + "}"
        }
    }

    private static func number(_ number: JSONNumber) -> String {
        guard number.isInteger else { return float(number.double) }
        return number.text == "-0" ? "0" : number.text
    }

    /// `repr` of a float: shortest digits, exponent form below 1e-4 and from 1e16 on.
    private static func float(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        let swift = "\(abs(value))"
        let sign = value.sign == .minus ? "-" : ""
        var digits = ""
        var exponent = 0
        let parts = swift.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        digits = String(mantissa[0]) + (mantissa.count > 1 && mantissa[1] != "0" ? String(mantissa[1]) : "")
        exponent = mantissa[0].count - 1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        let leading = digits.prefix { $0 == "0" }.count
        guard leading < digits.count else { return sign + "0.0" }
        digits.removeFirst(leading)
        exponent -= leading
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        return sign + (exponent < -4 || exponent >= 16 ? scientific(digits, exponent) : fixed(digits, exponent))
    }

    private static func scientific(_ digits: String, _ exponent: Int) -> String {
        let rest = digits.dropFirst()
        let magnitude = abs(exponent)
        return
            "\(digits.prefix(1))\(rest.isEmpty ? "" : ".\(rest)")e\(exponent < 0 ? "-" : "+")\(magnitude < 10 ? "0" : "")\(magnitude)"
    }

    private static func fixed(_ digits: String, _ exponent: Int) -> String {
        guard exponent >= 0 else { return "0." + String(repeating: "0", count: -exponent - 1) + digits }
        guard digits.count > exponent + 1 else {
            return digits + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
        }
        return "\(digits.prefix(exponent + 1)).\(digits.dropFirst(exponent + 1))"
    }

    /// `repr` of a text: single quotes unless only they occur in it; what cannot be printed is escaped.
    private static func quoted(_ text: String) -> String {
        let quote: Character = text.contains("'") && !text.contains("\"") ? "\"" : "'"
        var result = String(quote)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where Character(scalar) == quote: result += "\\\(quote)"
            case _ where isPrintable(scalar): result.unicodeScalars.append(scalar)
            default: result += escape(scalar.value)
            }
        }
        return result + String(quote)
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    private static func escape(_ value: UInt32) -> String {
        let hex = String(value, radix: 16)
        let width = value < 0x100 ? 2 : value < 0x10000 ? 4 : 8
        let letter = value < 0x100 ? "x" : value < 0x10000 ? "u" : "U"
        return "\\\(letter)" + String(repeating: "0", count: width - hex.count) + hex
    }
}
