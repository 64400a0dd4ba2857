/// One JSON text (RFC 8259) as a tree of ours, with the place of every value.
struct JSONDocument {
    private let bytes: [UInt8]
    private var lines: LineIndex
    private let limits: DocumentLimits
    private var index = 0
    private var nodes = 0
    private var faults: [Diagnostic] = []

    init(_ text: String, file: String, limits: DocumentLimits) {
        bytes = Array(text.utf8)
        lines = LineIndex(bytes, file: file)
        self.limits = limits
    }

    static func duplicateKey(_ key: String, firstLine: Int, at location: SourceLocation) -> Diagnostic {
        Diagnostic(.error, "duplicate key \(MessageText.quoted(key)); first given on line \(firstLine)", at: location)
    }

    mutating func parse() throws(DiagnosticError) -> DocumentNode {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { throw fault("a byte order mark is not allowed") }
        skipSpace()
        let root = try value(depth: 0)
        skipSpace()
        guard index == bytes.count else { throw fault("unexpected text after the value") }
        guard faults.isEmpty else { throw DiagnosticError(faults) }
        return root
    }

    private mutating func value(depth: Int) throws(DiagnosticError) -> DocumentNode {
        nodes += 1
        guard nodes <= limits.nodesMax else { throw fault("more than \(limits.nodesMax) values") }
        guard depth < limits.depthMax || !peek("[") && !peek("{") else {
            throw fault("nested deeper than \(limits.depthMax) levels")
        }
        guard index < bytes.count else { throw fault("the text ends where a value is expected") }
        let location = lines.location(ofByte: index)
        switch bytes[index] {
        case UInt8(ascii: "{"): return DocumentNode(.mapping(try members(depth: depth)), at: location)
        case UInt8(ascii: "["): return DocumentNode(.sequence(try entries(depth: depth)), at: location)
        case UInt8(ascii: "\""):
            return DocumentNode(.scalar(DocumentScalar(.string, text: try string(), isQuoted: true)), at: location)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return DocumentNode(.scalar(try number()), at: location)
        default:
            return DocumentNode(try word(), at: location)
        }
    }

    private mutating func members(depth: Int) throws(DiagnosticError) -> [DocumentNode.Member] {
        var members: [DocumentNode.Member] = []
        var firstLines: [String: Int] = [:]
        index += 1
        skipSpace()
        if take("}") { return [] }
        while true {
            guard peek("\"") else { throw fault("a key in double quotes is expected") }
            let location = lines.location(ofByte: index)
            let key = try string()
            skipSpace()
            guard take(":") else { throw fault("':' is expected after a key") }
            skipSpace()
            let value = try value(depth: depth + 1)
            if let line = firstLines[key] {
                faults.append(Self.duplicateKey(key, firstLine: line, at: location))
            } else {
                firstLines[key] = location.line
                members.append(DocumentNode.Member(key: key, keyLocation: location, value: value))
            }
            skipSpace()
            if take("}") { return members }
            guard take(",") else { throw fault("',' or '}' is expected") }
            skipSpace()
        }
    }

    private mutating func entries(depth: Int) throws(DiagnosticError) -> [DocumentNode] {
        var entries: [DocumentNode] = []
        index += 1
        skipSpace()
        if take("]") { return [] }
        while true {
            entries.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return entries }
            guard take(",") else { throw fault("',' or ']' is expected") }
            skipSpace()
        }
    }

    private mutating func word() throws(DiagnosticError) -> DocumentNode.Kind {
        let letters = bytes[index...].prefix { isLetter($0) }
        let word = String(decoding: letters, as: UTF8.self)
        let kind: DocumentNode.Kind
        switch word {
        case "null": kind = .null
        case "true", "false": kind = .scalar(DocumentScalar(.boolean, text: word))
        case "": throw fault("a value is expected")
        default: throw fault("\(MessageText.quoted(word)) is not a JSON value")
        }
        index += letters.count
        return kind
    }

    private mutating func number() throws(DiagnosticError) -> DocumentScalar {
        let start = index
        var kind = DocumentScalar.Kind.integer
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") {
            kind = .float
            try digits()
        }
        if take("e") || take("E") {
            kind = .float
            if !take("+") { _ = take("-") }
            try digits()
        }
        if index < bytes.count, isLetter(bytes[index]) || isDigit(bytes[index]) || peek(".") {
            throw fault("the number is not written as in JSON")
        }
        return DocumentScalar(kind, text: String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func digits() throws(DiagnosticError) {
        let start = index
        while index < bytes.count, isDigit(bytes[index]) { index += 1 }
        guard index > start else { throw fault("a digit is expected") }
    }

    private mutating func string() throws(DiagnosticError) -> String {
        var text: [UInt8] = []
        index += 1
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try escape(into: &text)
            case 0..<0x20:
                throw fault("a control character inside a string must be written as an escape")
            default:
                text.append(byte)
                index += 1
            }
        }
        throw fault("the text ends inside a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(DiagnosticError) {
        let start = index
        index += 1
        guard index < bytes.count else { throw fault("the text ends inside a string") }
        index += 1
        switch bytes[index - 1] {
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[index - 1])
        case UInt8(ascii: "u"): text.append(contentsOf: String(try scalar(escapedAt: start)).utf8)
        default: throw fault("unknown escape", at: start)
        }
    }

    private mutating func scalar(escapedAt start: Int) throws(DiagnosticError) -> Unicode.Scalar {
        let first = try fourHexDigits(escapedAt: start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        // What is left is half of a surrogate pair: the other half must follow, or two readers see two different texts.
        guard (0xd800..<0xdc00).contains(first), take("\\"), take("u") else { throw fault("lone surrogate", at: start) }
        let second = try fourHexDigits(escapedAt: start)
        guard (0xdc00..<0xe000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw fault("lone surrogate", at: start) }
        return scalar
    }

    private mutating func fourHexDigits(escapedAt start: Int) throws(DiagnosticError) -> UInt32 {
        let digits = bytes[index...].prefix(4)
        // UInt32(_:radix:) would take a sign as well.
        guard digits.count == 4, digits.allSatisfy({ isDigit($0) || isLetter($0) }),
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw fault("\\u needs four hexadecimal digits", at: start) }
        index += 4
        return value
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0a, 0x0d: index += 1
            default: return
            }
        }
    }

    private func peek(_ scalar: Unicode.Scalar) -> Bool {
        index < bytes.count && bytes[index] == UInt8(ascii: scalar)
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek(scalar) else { return false }
        index += 1
        return true
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func isLetter(_ byte: UInt8) -> Bool {
        switch byte | 0x20 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: false
        }
    }

    private mutating func fault(_ message: String, at offset: Int? = nil) -> DiagnosticError {
        let location = lines.location(ofByte: offset ?? index)
        return DiagnosticError(faults + [Diagnostic(.error, "not valid JSON: \(message)", at: location)])
    }
}
