/// A reply of Redis, in the shapes that RESP2 has.
package enum RedisValue: Sendable, Hashable {
    /// Nothing: a key that is not there.
    case null
    /// A whole number.
    case integer(Int64)
    /// A short word of the server, as `OK`.
    case status(String)
    /// Bytes as they were stored.
    case bytes([UInt8])
    /// A list; an error inside it stands at its place.
    case array([RedisValue])
    /// An error; as a whole reply it becomes ``RedisFailure/refused(_:)``.
    case error(RedisServerError)

    /// The bytes of a string reply; nil for anything else.
    package var bytes: [UInt8]? {
        guard case .bytes(let bytes) = self else { return nil }
        return bytes
    }

    /// The number of an integer reply, or of a string that is one.
    package var integer: Int64? {
        switch self {
        case .integer(let integer): integer
        case .bytes(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        case .null, .status, .array, .error: nil
        }
    }

    /// The text of a string or a status.
    package var text: String? {
        switch self {
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        case .status(let status): status
        case .null, .integer, .array, .error: nil
        }
    }

    /// The elements of a list; nil for anything else.
    package var array: [RedisValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }
}
