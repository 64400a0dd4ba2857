/// Where a record stands: a file as it was named, and the line from 1.
package struct AuditPlaceInFile: Sendable, Hashable, CustomStringConvertible {
    package let file: String
    package let line: Int

    package var description: String { "\(file):\(line)" }
}

/// Something that a log must not have, or that its reader should know.
package struct AuditFinding: Sendable, Hashable {
    /// What it is; the raw value is stable.
    package enum Kind: String, Sendable, CaseIterable {
        /// A record, or its hash, is not what was written.
        case changed
        /// Numbers are not there.
        case missing
        /// A record stands before one that was written earlier.
        case order
        /// A number is there twice.
        case repeated
        /// A line is no record.
        case notARecord = "not_a_record"
        /// A record ends before its line does.
        case truncated
        /// A chain ends without its last record.
        case open
        /// A chain was made without a key or with one that was not given.
        case key
        /// What a chain or a file says comes before it does not.
        case link
        /// Nothing wrong: something that the reader should know.
        case note
    }

    package let kind: Kind
    package let place: AuditPlaceInFile?
    package let message: String

    package var isProblem: Bool { kind != .note }
}

extension AuditFinding: CustomStringConvertible {
    package var description: String {
        let text = "\(kind.rawValue): \(message)"
        return place.map { "\($0): \(text)" } ?? text
    }
}
