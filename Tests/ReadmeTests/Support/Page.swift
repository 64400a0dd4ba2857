import Foundation

/// A Markdown page as somebody reads it who types what stands there.
struct Page {
    /// A fenced block.
    struct Block {
        let language: String
        /// The line of the page on which its fence opens, from 1.
        let line: Int
        let text: String
    }

    /// A line to type: continued lines are one.
    struct Command {
        let text: String
        let line: Int

        /// Without what stands behind a `#`.
        var words: String { text.replacing(#/\s+#\s.*$/#, with: "") }
    }

    let name: String
    private(set) var blocks: [Block] = []
    /// What stands between backticks outside of blocks.
    private(set) var spans: [String] = []

    init(name: String, text: String) {
        self.name = name
        var open: (language: String, line: Int, lines: [String])?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(
                        Block(
                            language: block.language, line: block.line,
                            text: block.lines.map { $0 + "\n" }.joined()))
                    open = nil
                } else {
                    open = (String(line.dropFirst(3)), index + 1, [])
                }
            } else if open != nil {
                open?.lines.append(String(line))
            } else {
                spans += line.matches(of: #/`([^`]+)`/#).map { String($0.1) }
            }
        }
    }

    init(_ file: URL) throws {
        self.init(name: file.lastPathComponent, text: try String(contentsOf: file, encoding: .utf8))
    }

    func blocks(_ languages: String...) -> [Block] { blocks.filter { languages.contains($0.language) } }

    /// The lines of the shell blocks, in the order of the page.
    var commands: [Command] {
        blocks("sh", "bash", "shell").flatMap { block in
            var commands: [Command] = []
            var begun = ""
            for (index, line) in block.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                begun += line
                if begun.hasSuffix("\\") {
                    begun += "\n"
                } else {
                    if !begun.isEmpty { commands.append(Command(text: begun, line: block.line + 1 + index)) }
                    begun = ""
                }
            }
            return commands
        }
    }
}
