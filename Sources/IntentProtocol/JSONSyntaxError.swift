/// Why bytes are not the strict JSON that this protocol takes.
public struct JSONSyntaxError: Error, Sendable, Equatable {
    /// What is wrong.
    public enum Kind: Sendable, Hashable, CaseIterable {
        /// The bytes end inside a value.
        case unexpectedEnd
        /// A byte that cannot stand where it stands.
        case unexpectedByte
        /// Something follows the value.
        case trailingBytes
        /// The bytes start with a byte order mark.
        case byteOrderMark
        /// A string is not UTF-8.
        case invalidUTF8
        /// A control character stands unescaped in a string.
        case controlCharacter
        /// A backslash is followed by something JSON does not know.
        case invalidEscape
        /// A `\u` escape names half of a surrogate pair.
        case loneSurrogate
        /// A number is not written as JSON writes numbers.
        case invalidNumber
        /// A number is larger than a double can hold.
        case numberOverflow
        /// `NaN` or `Infinity`, which some encoders emit although JSON has neither.
        case notFinite
        /// An object holds a key twice.
        case duplicateKey
        /// Objects and arrays nest deeper than the limit.
        case tooDeep
        /// There are more object members than the limit.
        case tooManyMembers
        /// A string is longer than the limit.
        case stringTooLong
    }

    /// What is wrong.
    public var kind: Kind
    /// Where, from the first byte.
    public var byteOffset: Int
    /// Where, as a path: `payload.items[3].name`; empty for the document itself.
    public var path: String

    /// What is wrong and where, for a person.
    public var message: String {
        path.isEmpty ? "\(kind.problem) at byte \(byteOffset)" : "\(path): \(kind.problem) at byte \(byteOffset)"
    }
}

extension JSONSyntaxError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}

extension JSONSyntaxError.Kind {
    /// The problem in words, without the place.
    var problem: String {
        switch self {
        case .unexpectedEnd: "the JSON ends too early"
        case .unexpectedByte: "malformed JSON"
        case .trailingBytes: "bytes follow the JSON value"
        case .byteOrderMark: "a byte order mark is not allowed"
        case .invalidUTF8: "invalid UTF-8"
        case .controlCharacter: "unescaped control character in a string"
        case .invalidEscape: "invalid escape in a string"
        case .loneSurrogate: "an escape names half of a surrogate pair"
        case .invalidNumber: "malformed number"
        case .numberOverflow: "the number is too large for a double"
        case .notFinite: "NaN and Infinity are not JSON"
        case .duplicateKey: "duplicate key"
        case .tooDeep: "nested too deep"
        case .tooManyMembers: "too many object members"
        case .stringTooLong: "the string is too long"
        }
    }
}
