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
        kind = String(line[..<space])
        message = space == line.endIndex ? "" : String(line[line.index(after: space)...])
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
