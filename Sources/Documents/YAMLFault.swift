import Yams

/// What the YAML library says about a text, as a diagnostic of ours.
enum YAMLFault {
    static func diagnostic(_ error: YamlError, text: String, file: String) -> Diagnostic {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let message = "not valid YAML: \(problem)\(within(context))\(tabHint(text, mark))"
            return Diagnostic(.error, message, at: place(mark, file))
        case .composer(_, let problem, let mark, _) where problem == "but found another document":
            return Diagnostic(.error, "a second YAML document starts here; a file holds one", at: place(mark, file))
        case .composer(let context, let problem, let mark, _):
            return Diagnostic(.error, "not valid YAML: \(problem)\(within(context))", at: place(mark, file))
        case .reader(let problem, let offset, _, _):
            return Diagnostic(.error, "not valid YAML: \(problem)", at: place(ofCharacter: offset, text, file))
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map(MessageText.quoted).joined(separator: ", ")
            let message =
                duplicates.count == 1
                ? "key \(names) is given more than once in one mapping; this is the first"
                : "keys \(names) are given more than once in one mapping; the first stands here"
            return Diagnostic(.error, message, at: place(context.mark, file))
        case .memory:
            return Diagnostic(
                .error, "not valid YAML: nested too deeply", at: SourceLocation(file: file, line: 1, column: 1))
        case .no, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return Diagnostic(.error, "not valid YAML", at: SourceLocation(file: file, line: 1, column: 1))
        }
    }

    private static func within(_ context: YamlError.Context?) -> String {
        guard let context else { return "" }
        return " (\(context.text), from line \(context.mark.line))"
    }

    private static func tabHint(_ text: String, _ mark: Mark) -> String {
        let lines = text.split(separator: "\n", maxSplits: mark.line, omittingEmptySubsequences: false)
        guard mark.line >= 1, mark.line <= lines.count else { return "" }
        let indent = lines[mark.line - 1].prefix { $0 == " " || $0 == "\t" }
        return indent.contains("\t") ? "; YAML is indented by spaces, and this line begins with a tab" : ""
    }

    private static func place(_ mark: Mark, _ file: String) -> SourceLocation {
        SourceLocation(file: file, line: mark.line, column: mark.column)
    }

    private static func place(ofCharacter offset: Int?, _ text: String, _ file: String) -> SourceLocation {
        let head = text.prefix(offset ?? 0)
        var lines = LineIndex(Array(text.utf8), file: file)
        return lines.location(ofByte: head.utf8.count)
    }
}
