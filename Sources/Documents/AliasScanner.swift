/// Counts the aliases of a YAML text, and finds the first key that is one or may hold some.
///
/// It tells tokens from text by the same rules as the YAML library, so that a star in a comment, in quotes or in a block of text is
/// none, and no alias is missed. Where the library finds an error, this ends too: nothing behind it is read. A test holds both against
/// each other.
struct AliasScanner {
    /// What stands where a key may begin, should a colon follow.
    private struct PossibleKey {
        enum Kind { case text, properties, aliasOrCollection }

        let index: Int
        let line: Int
        let column: Int
        var kind: Kind
    }

    /// An open `[` or `{`, or the block outside of them.
    private struct Level {
        var key: PossibleKey?
        /// In `{` every entry begins with its key, with a colon behind it or not.
        let isMapping: Bool
        /// Nothing of the entry's key has been read but its anchor and tag.
        var awaitsKey: Bool

        init(isMapping: Bool) {
            self.isMapping = isMapping
            awaitsKey = isMapping
        }

        mutating func beginEntry() {
            key = nil
            awaitsKey = isMapping
        }
    }

    /// A key on one line may be this long.
    private static let keyLengthMax = 1_024

    private(set) var aliases = 0
    /// The index among the text's scalars.
    private(set) var firstKey: Int?

    let text: [Unicode.Scalar]
    var index = 0
    var line = 0
    var column = 0
    /// The column of the innermost block collection, and those around it.
    private(set) var indent = -1
    private var indents: [Int] = []
    /// From the block to the innermost `[` or `{`.
    private var levels = [Level(isMapping: false)]
    var allowsKey = true
    var isOver = false

    init(_ text: String) { self.text = Array(text.unicodeScalars.prefix { $0 != "\0" }) }

    mutating func scan() {
        while !isOver { readToken() }
    }

    private var top: Int { levels.count - 1 }
    var isInFlow: Bool { levels.count > 1 }

    private mutating func readToken() {
        skipToToken()
        unroll(to: column)
        guard let mark = peek() else {
            isOver = true
            return
        }
        if column == 0, mark == "%" || isDocumentMark {
            unroll(to: -1)
            levels[top].key = nil
            allowsKey = false
            if mark == "%" { skipLine() } else { skip(3) }
            return
        }
        switch mark {
        case "[", "{":
            saveKey(.aliasOrCollection)
            levels.append(Level(isMapping: mark == "{"))
            allowsKey = true
            skip()
        case "]", "}":
            levels[top].key = nil
            if isInFlow { levels.removeLast() }
            allowsKey = false
            skip()
        case ",":
            levels[top].beginEntry()
            allowsKey = true
            skip()
        case "-" where isBlankOrEnd(1), "?" where isInFlow || isBlankOrEnd(1):
            beginEntry(isKey: mark == "?")
        case ":" where isInFlow || isBlankOrEnd(1):
            beginValue()
        case "*", "&":
            readName(isAlias: mark == "*")
        case "!":
            saveKey(.properties)
            allowsKey = false
            if !skipTag() { isOver = true }
        case "|" where !isInFlow, ">" where !isInFlow:
            levels[top].key = nil
            allowsKey = true
            skipBlockText()
        case "'", "\"":
            saveKey(.text)
            allowsKey = false
            skipQuoted(mark)
        case "|", ">", "%", "@", "`", "\t":
            isOver = true
        default:
            saveKey(.text)
            allowsKey = false
            skipPlain()
        }
    }

    private mutating func beginEntry(isKey: Bool) {
        if !isInFlow {
            guard allowsKey else {
                isOver = true
                return
            }
            roll(to: column)
        }
        if isKey { note(index) }
        levels[top].key = nil
        allowsKey = !isKey || !isInFlow
        skip()
    }

    private mutating func beginValue() {
        if let key = levels[top].key, key.line == line, key.index + Self.keyLengthMax >= index {
            if key.kind == .aliasOrCollection { note(key.index) }
            if !isInFlow { roll(to: key.column) }
            levels[top].key = nil
            allowsKey = false
        } else {
            guard isInFlow || allowsKey else {
                isOver = true
                return
            }
            if !isInFlow { roll(to: column) }
            levels[top].key = nil
            allowsKey = !isInFlow
        }
        levels[top].awaitsKey = false
        skip()
    }

    private mutating func readName(isAlias: Bool) {
        saveKey(isAlias ? .aliasOrCollection : .properties)
        allowsKey = false
        skip()
        guard skipName() else {
            isOver = true
            return
        }
        if isAlias { aliases += 1 }
    }

    private mutating func saveKey(_ kind: PossibleKey.Kind) {
        if allowsKey {
            levels[top].key = PossibleKey(index: index, line: line, column: column, kind: kind)
        } else if levels[top].key?.kind == .properties {
            // An anchor or a tag: what they belong to begins here.
            levels[top].key?.kind = kind
        }
        guard kind != .properties, levels[top].awaitsKey else { return }
        if kind == .aliasOrCollection { note(levels[top].key?.index ?? index) }
        levels[top].awaitsKey = false
    }

    private mutating func note(_ index: Int) { firstKey = min(firstKey ?? index, index) }

    private mutating func roll(to column: Int) {
        guard indent < column else { return }
        indents.append(indent)
        indent = column
    }

    private mutating func unroll(to column: Int) {
        guard !isInFlow else { return }
        while indent > column { indent = indents.popLast() ?? -1 }
    }
}
