/// A regular expression in Python's syntax, rewritten for PCRE2.
///
/// Rewritten are `\Z`, `\v`, `\uXXXX`, `\UXXXXXXXX`, octal escapes, `{,n}`, `[` inside a class, and the flag `u`. Refused is
/// what Python refuses (`\p`, `\K`, `(?<name>…)`, verbs, flags inside the expression) and, as their time or memory cannot be
/// bounded well, back-references, conditional groups and counts above 500; also `\N{…}` and the flags `a` and `L`.
struct PythonPattern {
    /// Why a pattern is refused.
    struct Fault: Error {
        let message: String
        /// In Unicode scalars, from 0.
        let offset: Int
    }

    static let countMax = 500

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var output = String.UnicodeScalarView()

    private init(_ pattern: String) {
        scalars = Array(pattern.unicodeScalars)
    }

    /// The same expression for PCRE2.
    static func rewritten(_ pattern: String) throws(Fault) -> String {
        var rewriter = PythonPattern(pattern)
        while let scalar = rewriter.peek() { try rewriter.take(scalar) }
        return String(rewriter.output)
    }

    private mutating func take(_ scalar: Unicode.Scalar) throws(Fault) {
        switch scalar {
        case "\\": try escape(inClass: false)
        case "[": try characterClass()
        case "(": try group()
        case "{": try count()
        default: pass()
        }
    }

    private func peek(_ offset: Int = 0) -> Unicode.Scalar? {
        index + offset < scalars.count ? scalars[index + offset] : nil
    }

    private func starts(with text: String) -> Bool { scalars[index...].starts(with: text.unicodeScalars) }

    private mutating func pass(_ number: Int = 1) {
        output.append(contentsOf: scalars[index..<min(index + number, scalars.count)])
        index += number
    }

    private mutating func replace(_ number: Int, _ text: String) {
        index += number
        output.append(contentsOf: text.unicodeScalars)
    }

    private func fault(_ message: String) -> Fault { Fault(message: message, offset: index) }

    private func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private mutating func characterClass() throws(Fault) {
        let start = index
        pass()
        if peek() == "^" { pass() }
        if peek() == "]" { pass() }
        while let scalar = peek() {
            switch scalar {
            case "]": return pass()
            case "\\": try escape(inClass: true)
            // Python has no [:alpha:] inside a class: the bracket stands for itself.
            case "[": replace(1, "\\[")
            default: pass()
            }
        }
        throw Fault(message: "the character class is not closed", offset: start)
    }

    private mutating func group() throws(Fault) {
        if starts(with: "(*") { throw fault("'(*' has nothing to repeat") }
        guard starts(with: "(?") else { return pass() }
        for opening in ["(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!", "(?P<"] where starts(with: opening) {
            return pass(opening.unicodeScalars.count)
        }
        if starts(with: "(?#") {
            guard let end = scalars[index...].firstIndex(of: ")") else { throw fault("the comment is not closed") }
            index = end + 1
            return
        }
        if starts(with: "(?P=") || starts(with: "(?(") {
            throw fault("back-references and conditional groups are not supported: their time cannot be bounded")
        }
        if starts(with: "(?<") { throw fault("a named group is written (?P<name>…)") }
        try flags()
    }

    private mutating func flags() throws(Fault) {
        let start = index
        var letters = ""
        index += 2
        while let scalar = peek(), scalar != ")", scalar != ":" {
            switch scalar {
            case "i", "m", "s", "x", "-": letters.unicodeScalars.append(scalar)
            case "u": break
            default: throw fault("'(?\(scalar)' is not supported")
            }
            index += 1
        }
        guard let end = peek() else { throw fault("the group is not closed") }
        guard end == ":" || start == 0 else { throw fault("flags for the whole expression stand at its start") }
        guard end == ":" || !letters.contains("-") else { throw fault("flags are taken back as in (?-i:…)") }
        guard !letters.isEmpty else { return replace(1, end == ":" ? "(?:" : "(?:)") }
        replace(1, "(?\(letters)\(end)")
    }

    /// `{n}`, `{n,}`, `{,m}`, `{n,m}`; any other brace stands for itself.
    private mutating func count() throws(Fault) {
        let inner = Array(scalars[(index + 1)...].prefix { Self.isDigit($0) || $0 == "," })
        let parts = inner.split(separator: ",", omittingEmptySubsequences: false)
        guard !inner.isEmpty, parts.count <= 2, peek(1 + inner.count) == "}" else { return replace(1, "\\{") }
        for part in parts where !part.isEmpty && (Int(text(part)) ?? .max) > Self.countMax {
            throw fault("a count above \(Self.countMax) is not supported")
        }
        let low = parts[0].isEmpty ? "0" : text(parts[0])
        replace(inner.count + 2, "{\(low)\(parts.count > 1 ? "," + text(parts[1]) : "")}")
    }

    private mutating func escape(inClass: Bool) throws(Fault) {
        guard let letter = peek(1) else { throw fault("the expression ends in a backslash") }
        switch letter {
        case "d", "D", "s", "S", "w", "W", "n", "r", "t", "a", "f", "b": pass(2)
        case "A" where !inClass, "B" where !inClass: pass(2)
        case "Z" where !inClass: replace(2, "\\z")
        case "v": replace(2, "\\x0b")
        case "x": try hexadecimal(2)
        case "u": try hexadecimal(4)
        case "U": try hexadecimal(8)
        case "0"..."9": try octal(inClass: inClass)
        case "A"..."Z", "a"..."z": throw fault("bad escape '\\\(letter)'")
        default: pass(2)
        }
    }

    private mutating func hexadecimal(_ digits: Int) throws(Fault) {
        let text = text(scalars[(index + 2)...].prefix(digits))
        guard text.utf8.count == digits, !text.hasPrefix("+"), !text.hasPrefix("-"),
            let value = UInt32(text, radix: 16), let scalar = Unicode.Scalar(value)
        else { throw fault("the escape needs \(digits) hexadecimal digits of a character") }
        replace(2 + digits, "\\x{\(String(scalar.value, radix: 16))}")
    }

    /// `\0`, `\012`, `\377`; any other number is a back-reference.
    private mutating func octal(inClass: Bool) throws(Fault) {
        let digits = scalars[(index + 1)...].prefix(3).prefix { ("0"..."7").contains($0) }
        guard digits.first == "0" || digits.count == 3 || (inClass && !digits.isEmpty),
            let value = UInt32(text(digits), radix: 8), value <= 0o377
        else { throw fault("back-references are not supported: their time cannot be bounded") }
        replace(1 + digits.count, "\\x{\(String(value, radix: 16))}")
    }
}
