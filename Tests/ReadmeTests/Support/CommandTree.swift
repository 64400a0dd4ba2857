import Foundation
import RedisFixtures

/// The subcommands and options of `intentusnet`, as the program itself tells them.
struct CommandTree: Decodable {
    struct Argument: Decodable {
        struct Name: Decodable { let name: String }
        let kind: String
        let names: [Name]?
    }

    let commandName: String
    let subcommands: [CommandTree]?
    let arguments: [Argument]?

    private struct Dump: Decodable { let command: CommandTree }

    static func read() throws -> CommandTree {
        let folder = try PrivateFolder()
        // Into a file: it is longer than what the fixtures keep of an output.
        let file = folder.file("commands.json")
        let words = ["sh", "-c", "\"$0\" --experimental-dump-help >\"$1\"", try BuiltCommand.path, file]
        _ = try SpawnedProcess.run(words, in: folder)
        return try JSONDecoder().decode(Dump.self, from: Data(contentsOf: URL(fileURLWithPath: file))).command
    }

    private var options: Set<String> {
        Set((arguments ?? []).flatMap { $0.names ?? [] }.map(\.name)).union(["help", "version"])
    }
    private var takesWords: Bool { (arguments ?? []).contains { $0.kind == "positional" } }

    /// What is wrong with a line that begins with `intentusnet`; nil when the program takes all that is named in it.
    func fault(of line: String) -> String? {
        var command = self
        var words = line.split { " \n|;".contains($0) }.dropFirst()[...]
        while let subcommands = command.subcommands, !subcommands.isEmpty, let word = words.first {
            if word == "…" || word == "..." { return nil }
            guard let next = subcommands.first(where: { $0.commandName == word }) else {
                return word.hasPrefix("-") ? nil : "'\(command.commandName)' has no '\(word)'"
            }
            command = next
            words = words.dropFirst()
        }
        if let word = words.first, word.contains(#/^[a-z]/#), !command.takesWords {
            return "'\(command.commandName)' takes no '\(word)'"
        }
        for match in line.matches(of: #/(?:^|[\s\[])--([a-z][a-z0-9-]*)/#)
        where !command.options.contains(String(match.1)) {
            return "'\(command.commandName)' has no --\(match.1)"
        }
        return nil
    }
}
