/// Why a key set could not be had or used; the whole set is refused and the one before stays in force.
package enum KeySetError: Error, Sendable, Equatable {
    /// More than 512 KiB, or more than 64 keys.
    case tooLarge(String)
    /// Not the JSON of a key set (RFC 7517 section 5).
    case malformed(String)
    /// Two keys share an id, so that a token's `kid` would not name one key.
    case duplicateKeyID(String)
    /// No key that verifies signatures; the text says why each was left out.
    case noUsableKey(String)
    /// The file or server could not be read.
    case unreachable(String)
}

extension KeySetError: CustomStringConvertible {
    /// What is wrong, for a log.
    package var description: String {
        switch self {
        case .tooLarge(let problem): "the key set is too large: \(problem)"
        case .malformed(let problem): "the key set is malformed: \(problem)"
        case .duplicateKeyID(let kid): "the key set has two keys with the id '\(kid)'"
        case .noUsableKey(let problems):
            problems.isEmpty ? "the key set has no key for signatures" : "the key set has no usable key: \(problems)"
        case .unreachable(let problem): "the key set cannot be fetched: \(problem)"
        }
    }
}
