/// What a plain (unquoted) YAML scalar stands for: the core schema of YAML 1.2.
///
/// `yes`, `no`, `on` and `off` are strings, as in YAML 1.2; where a boolean is wanted they are refused, not guessed.
enum CoreSchema {
    static func kind(ofPlain text: String) -> DocumentNode.Kind {
        switch text {
        case "", "~", "null", "Null", "NULL": .null
        case "true", "True", "TRUE", "false", "False", "FALSE": .scalar(DocumentScalar(.boolean, text: text))
        default: .scalar(DocumentScalar(numberKind(Array(text.utf8)) ?? .string, text: text))
        }
    }

    private static func numberKind(_ bytes: [UInt8]) -> DocumentScalar.Kind? {
        if bytes.count > 2, bytes[0] == UInt8(ascii: "0") {
            if bytes[1] == UInt8(ascii: "x") { return bytes[2...].allSatisfy(isHexDigit) ? .integer : nil }
            if bytes[1] == UInt8(ascii: "o") { return bytes[2...].allSatisfy(isOctalDigit) ? .integer : nil }
        }
        var rest = bytes[...]
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if isSpecialFloat(rest, signed: rest.count < bytes.count) { return .float }
        let whole = takeDigits(&rest)
        if rest.isEmpty { return whole > 0 ? .integer : nil }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = takeDigits(&rest)
            guard whole + fraction > 0 else { return nil }
        } else if whole == 0 {
            return nil
        }
        guard takeExponent(&rest), rest.isEmpty else { return nil }
        return .float
    }

    private static func takeExponent(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let mark = rest.first else { return true }
        guard mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") else { return false }
        rest = rest.dropFirst()
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
        return takeDigits(&rest) > 0
    }

    private static func takeDigits(_ rest: inout ArraySlice<UInt8>) -> Int {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest.dropFirst(digits.count)
        return digits.count
    }

    private static func isSpecialFloat(_ bytes: ArraySlice<UInt8>, signed: Bool) -> Bool {
        switch String(decoding: bytes, as: UTF8.self) {
        case ".inf", ".Inf", ".INF": true
        case ".nan", ".NaN", ".NAN": !signed
        default: false
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
        default: false
        }
    }

    private static func isOctalDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte)
    }
}
