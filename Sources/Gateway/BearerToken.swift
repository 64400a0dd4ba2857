/// Reads the value of an `Authorization` header as a bearer token (RFC 6750).
package enum BearerToken {
    /// The token of `Bearer <token>`; nil when the value is anything else.
    ///
    /// The scheme is matched in any letter case. Everything behind its spaces is the token: a second credential behind a
    /// comma or a space makes it one that no verifier takes.
    package static func parse(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let scheme: StaticString = "bearer "
        guard value.count > scheme.utf8CodeUnitCount else { return nil }
        var index = value.startIndex
        for offset in 0..<scheme.utf8CodeUnitCount {
            guard value[index] | 0x20 == scheme.utf8Start[offset] else { return nil }
            index += 1
        }
        while index < value.endIndex, value[index] == UInt8(ascii: " ") { index += 1 }
        let token = value[index...]
        return token.isEmpty ? nil : token
    }
}
