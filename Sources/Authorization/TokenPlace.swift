/// A place of a request where a token may stand.
package enum TokenPlace: Sendable, Hashable {
    /// `Authorization: Bearer …`, and where the wire's own clients put theirs.
    case usual
    /// A header's value behind what must stand before the token; the name in lower case.
    case header(name: String, prefix: String)
    /// A parameter of the query.
    case parameter(String)
    case cookie(String)

    init(_ place: TokenRule.HeaderPlace) {
        self =
            place.name == "authorization" && place.prefix == "Bearer "
            ? .usual : .header(name: place.name, prefix: place.prefix)
    }
}

/// Some of the places that ``TokenPlaces`` knows, by their numbers.
package struct TokenPlaceSet: OptionSet, Sendable, Hashable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    init(number: Int) { self.init(rawValue: 1 << UInt64(number)) }

    /// ``TokenPlace/usual``, whatever the policies are.
    package static let usual = TokenPlaceSet(number: 0)
}
