/// A reply in RESP2, the form in which Redis answers.
package enum RESPValue: Sendable, Equatable {
    case status(String)
    /// The whole line, from the word that names its kind.
    case error(String)
    case integer(Int)
    case bytes([UInt8])
    case null
    case array([RESPValue])

    /// The text of a status or of bytes.
    package var text: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .error, .integer, .null, .array: nil
        }
    }

    package var integer: Int? { if case .integer(let number) = self { number } else { nil } }
    package var array: [RESPValue]? { if case .array(let values) = self { values } else { nil } }
    package var error: String? { if case .error(let line) = self { line } else { nil } }
    package var isOK: Bool { self == .status("OK") }

    /// A flat list of names and values, as SENTINEL MASTER answers it.
    package var fields: [String: String] {
        let texts = (array ?? []).map { $0.text ?? $0.integer.map(String.init) ?? "" }
        return stride(from: 0, to: texts.count - 1, by: 2).reduce(into: [:]) { $0[texts[$1]] = texts[$1 + 1] }
    }

    /// The lines "name:value" of INFO and CLUSTER INFO.
    package var infoFields: [String: String] {
        (text ?? "").split(whereSeparator: \.isNewline).reduce(into: [:]) { fields, line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
    }

    /// A command as clients send it.
    package static func command(_ words: [String]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words { bytes += Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
        return bytes
    }
}
