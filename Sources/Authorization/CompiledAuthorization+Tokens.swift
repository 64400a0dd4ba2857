package import IntentProtocol

extension CompiledAuthorization {
    /// Whether header lines have to be handed in.
    package var readsHeaders: Bool { !headerNames.isEmpty || tokenPlaces.areInHeaders }

    /// What the rules make of a verified token; the same for every request that presents it.
    ///
    /// - Parameter encodedPayload: the claims as they stand in the token.
    package func judge(claims: JSONObject, encodedPayload: String, issuer: String) -> JudgedToken {
        JudgedToken(
            tokenRules, claims: claims, encodedPayload: encodedPayload, issuer: issuer,
            attributes: TokenAttributes(claims: claims, spaceDelimitedClaims: spaceDelimitedClaims))
    }

    /// What comes of a token that stands at certain places.
    package func outcome(of token: JudgedToken, at places: TokenPlaceSet) -> JudgedToken.Outcome {
        token.outcome(places, tokenPlaces)
    }

    /// The header lines as policies may see them: without the token that a rule takes out, with what it puts in.
    ///
    /// - Parameters:
    ///   - rule: the rule that believed the token; nil without one.
    ///   - places: where the token stands.
    package func visibleHeaders(
        _ headers: AuthorizationHeaders, token: JudgedToken?, rule: Int?, places: TokenPlaceSet
    ) -> AuthorizationHeaders {
        guard !headerNames.isEmpty else { return headers }
        var visible = headers
        visible.remove(madeHeaders)
        guard let token, let rule else { return visible }
        if !tokenRules[rule].forwardsToken {
            visible.remove(tokenPlaces.headerNames(of: places.intersection(tokenPlaces.ofRules[rule])))
        }
        for header in token.headers(ofRule: rule) { visible.append(name: header.name, value: header.value) }
        return visible
    }
}
