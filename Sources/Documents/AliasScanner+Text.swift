/// What holds no tokens: blanks, comments, names, and the four ways to write text.
extension AliasScanner {
    func peek(_ ahead: Int = 0) -> Unicode.Scalar? { index + ahead < text.count ? text[index + ahead] : nil }

    func isBlank(_ ahead: Int = 0) -> Bool { peek(ahead) == " " || peek(ahead) == "\t" }

    func isBreak(_ ahead: Int = 0) -> Bool {
        switch peek(ahead) {
        case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }

    func isBreakOrEnd(_ ahead: Int = 0) -> Bool { peek(ahead) == nil || isBreak(ahead) }

    func isBlankOrEnd(_ ahead: Int = 0) -> Bool { isBlank(ahead) || isBreakOrEnd(ahead) }

    /// `---` or `...`, alone or in front of something.
    var isDocumentMark: Bool {
        guard let mark = peek(), mark == "-" || mark == "." else { return false }
        return peek(1) == mark && peek(2) == mark && isBlankOrEnd(3)
    }

    private func isFlowMark(_ ahead: Int = 0) -> Bool {
        switch peek(ahead) {
        case ",", "[", "]", "{", "}": true
        default: false
        }
    }

    mutating func skip(_ count: Int = 1) {
        for _ in 0..<count where index < text.count {
            if isBreak() {
                if peek() == "\r", peek(1) == "\n" { index += 1 }
                line += 1
                column = 0
            } else {
                column += 1
            }
            index += 1
        }
    }

    mutating func skipLine() { while !isBreakOrEnd() { skip() } }

    mutating func skipToToken() {
        while true {
            if column == 0, peek() == "\u{feff}" { skip() }
            while peek() == " " || (isInFlow || !allowsKey) && peek() == "\t" { skip() }
            if peek() == "#" { skipLine() }
            guard isBreak() else { return }
            skip()
            if !isInFlow { allowsKey = true }
        }
    }

    /// The name of an anchor or alias; false where the library finds none.
    mutating func skipName() -> Bool {
        let start = index
        while let scalar = peek(), Self.isOfName(scalar) { skip() }
        return index > start && (isBlankOrEnd() || peek().map(Self.mayFollowName) == true)
    }

    private static func isOfName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z", "_", "-": true
        default: false
        }
    }

    private static func mayFollowName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "?", ":", ",", "]", "}", "%", "@", "`": true
        default: false
        }
    }

    /// A tag, up to what ends it; false where the library takes none.
    mutating func skipTag() -> Bool {
        if peek(1) == "<" {
            while !isBlankOrEnd(), peek() != ">" { skip() }
            guard peek() == ">" else { return false }
            skip()
        } else {
            while !isBlankOrEnd(), !(isInFlow && peek() == ",") { skip() }
        }
        return isBlankOrEnd() || isInFlow && peek() == ","
    }

    mutating func skipQuoted(_ quote: Unicode.Scalar) {
        skip()
        while let scalar = peek() {
            if scalar == quote {
                guard quote == "'", peek(1) == "'" else { break }
                skip()
            } else if scalar == "\\", quote == "\"" {
                skip()
            }
            skip()
        }
        skip()
    }

    /// Text without quotes: up to a colon, a comment, a mark of flow style or a line that is not indented enough.
    mutating func skipPlain() {
        var hasBreak = false
        while !(column == 0 && isDocumentMark), peek() != "#" {
            while !isBlankOrEnd(), !(peek() == ":" && isBlankOrEnd(1)), !(isInFlow && isFlowMark()) {
                if isInFlow, peek() == ":", peek(1) == "?" || isFlowMark(1) {
                    isOver = true
                    return
                }
                hasBreak = false
                skip()
            }
            guard isBlank() || isBreak() else { break }
            while isBlank() || isBreak() {
                if isBreak() { hasBreak = true }
                skip()
            }
            if !isInFlow, column <= indent { break }
        }
        if hasBreak { allowsKey = true }
    }

    /// A literal or folded text: every line that is indented as its first one is, or as its head says.
    mutating func skipBlockText() {
        skip()
        var depth: Int?
        for _ in 0..<2 {
            if peek() == "+" || peek() == "-" {
                skip()
            } else if let digit = peek(), ("1"..."9").contains(digit) {
                depth = max(indent, 0) + Int(digit.value - 0x30)
                skip()
            }
        }
        while isBlank() { skip() }
        if peek() == "#" { skipLine() }
        guard isBreakOrEnd() else {
            isOver = true
            return
        }
        skip()
        let found = skipIndentation(upTo: depth)
        let content = depth ?? max(found, indent + 1, 1)
        while column == content, peek() != nil {
            skipLine()
            skip()
            _ = skipIndentation(upTo: content)
        }
    }

    /// Skips blank lines and the indentation of the next one; the deepest that was seen.
    private mutating func skipIndentation(upTo depth: Int?) -> Int {
        var deepest = 0
        while true {
            while peek() == " ", column < depth ?? .max { skip() }
            deepest = max(deepest, column)
            guard isBreak() else { return deepest }
            skip()
        }
    }
}
