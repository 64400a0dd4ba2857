/// A boolean, a number, or a string of a document, with its text as it came.
package struct DocumentScalar: Sendable, Hashable {
    /// What the text stands for.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// `true` or `false` (YAML: also `True`, `TRUE`, …).
        case boolean
        /// Digits with a sign at most (YAML: also `0x1f`, `0o17`).
        case integer
        /// A number with a fraction or an exponent (YAML: also `.inf`, `.nan`).
        case float
        /// Anything else, and everything in quotes.
        case string
    }

    /// What the text stands for.
    package let kind: Kind
    /// The text: of a string without its quotes and escapes, of a number exactly as written (`1.0`, `1e16`).
    package let text: String
    /// Whether it stood in quotes or in a block; always true for a JSON string.
    package let isQuoted: Bool

    /// Makes a scalar.
    package init(_ kind: Kind, text: String, isQuoted: Bool = false) {
        self.kind = kind
        self.text = text
        self.isQuoted = isQuoted
    }
}

extension DocumentScalar {
    /// The value of a boolean.
    package var boolean: Bool? {
        guard kind == .boolean else { return nil }
        return text.utf8.first == UInt8(ascii: "t") || text.utf8.first == UInt8(ascii: "T")
    }

    /// The value of an integer; nil also when it does not fit into 64 bits.
    package var integer: Int? {
        guard kind == .integer else { return nil }
        if text.hasPrefix("0x") { return Int(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return Int(text.dropFirst(2), radix: 8) }
        return Int(text)
    }

    /// The value of a number, integer or float; nil also when it is too large for a finite double, `.inf`, or `.nan`.
    package var double: Double? {
        switch kind {
        case .boolean, .string: return nil
        case .integer: return integer.map(Double.init) ?? Double(text).flatMap { $0.isFinite ? $0 : nil }
        case .float: return Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
    }

    /// What it is in words, for messages: "the string 'x'".
    package var summary: String {
        switch kind {
        case .boolean, .integer, .float: "the \(kind.rawValue) \(MessageText.shortened(text))"
        case .string: "the string \(MessageText.quoted(text))"
        }
    }
}
