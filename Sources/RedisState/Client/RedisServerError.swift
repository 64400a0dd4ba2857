/// An error reply: its first word is its kind.
package struct RedisServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The first word, as `WRONGTYPE`, `MOVED` or `ERR`.
    package let kind: String
    /// The rest of the line.
    package let message: String

    /// Takes an error line apart; at most 256 bytes of it are kept.
    init(line: String) {
        let line = line.prefix(256)
        let space = line.firstIndex(of: " ") ?? line.endIndex
        let rest = space == line.endIndex ? "" : line[line.index(after: space)...]
        message = String(rest)
        kind = Self.kindInScript(line[..<space], rest) ?? String(line[..<space])
    }

    /// What a command inside a script was refused with, where an older Redis hides it: `ERR Error running script …: -OOM …`.
    private static func kindInScript(_ kind: Substring, _ rest: Substring) -> String? {
        guard kind == "ERR", rest.hasPrefix("Error running script") else { return nil }
        return rest.split(separator: " ")
            .first { $0.hasPrefix("-") && $0.count > 1 && $0.dropFirst().allSatisfy { $0.isASCII && $0.isUppercase } }
            .map { String($0.dropFirst()) }
    }

    package var description: String { message.isEmpty ? kind : "\(kind) \(message)" }

    /// Whether the server, as it stands, cannot serve us at all: another may, or this one later.
    var endsConnection: Bool {
        switch kind {
        case "READONLY", "LOADING", "MASTERDOWN", "NOAUTH", "WRONGPASS": true
        default: false
        }
    }
}
