/// A RequestAuthentication as it was read.
package struct RequestAuthentication: Sendable, Hashable {
    package let metadata: ResourceMetadata
    /// Which workloads it is for.
    package let attachment: Attachment
    package let tokenRules: [TokenRule]
}

/// Which tokens to believe, and where they stand: one of `jwtRules`.
package struct TokenRule: Sendable, Hashable {
    /// Where the keys of the issuer come from.
    package enum Keys: Sendable, Hashable {
        /// `<issuer>/.well-known/openid-configuration` tells.
        case discovery
        /// The key set stands at this address.
        case address(String)
        /// The key set itself, as JSON.
        case inline(String)
    }

    /// A header in which a token may stand.
    package struct HeaderPlace: Sendable, Hashable {
        package let name: String
        /// What stands before the token; empty when nothing does.
        package let prefix: String
    }

    /// A claim that is handed on as a header.
    package struct ClaimHeader: Sendable, Hashable {
        package let header: String
        /// Dots lead into nested objects.
        package let claim: String
    }

    /// What `iss` must be; nil means any, for tokens whose keys are found by address.
    package var issuer: String?
    /// One of these must be in `aud`; none means that the audience is not checked.
    package var audiences: [String] = []
    package var keys = Keys.discovery
    /// The places where a token may stand, if any is named; otherwise the usual ones are meant.
    package var headers: [HeaderPlace] = []
    package var parameters: [String] = []
    package var cookies: [String] = []
    /// The header that receives the payload of the token.
    package var payloadHeader: String?
    package var claimHeaders: [ClaimHeader] = []
    /// Whether the token stays in the request.
    package var forwardsToken = false
    /// How long fetching the key set may take.
    package var timeoutMilliseconds = 5_000
    /// Claims whose words count as a list, beside `scope` and `permission`.
    package var spaceDelimitedClaims: [String] = []

    /// Starts with Istio's defaults.
    package init() {}

    /// Where to look for the token: `Authorization: Bearer …`, then the parameter `access_token`, unless the rule says.
    package var places: (headers: [HeaderPlace], parameters: [String], cookies: [String]) {
        guard headers.isEmpty, parameters.isEmpty, cookies.isEmpty else { return (headers, parameters, cookies) }
        return ([HeaderPlace(name: "authorization", prefix: "Bearer ")], ["access_token"], [])
    }

    /// Whether one of a token's audiences is wanted; both sides lose their scheme and one slash at the end first.
    package func accepts(audiences found: [String]) -> Bool {
        guard !audiences.isEmpty else { return true }
        let wanted = Set(audiences.map(Self.comparable))
        return found.contains { wanted.contains(Self.comparable($0)) }
    }

    private static func comparable(_ audience: String) -> [UInt8] {
        var bytes = Array(audience.utf8)[...]
        for scheme in ["http://", "https://"] where bytes.starts(with: scheme.utf8) {
            bytes = bytes.dropFirst(scheme.utf8.count)
            break
        }
        if bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        return Array(bytes)
    }
}
