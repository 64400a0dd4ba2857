package import Authorization

/// What authorization policies may ask about the head of a request.
package struct ArrivalHead: Sendable {
    /// The policies that judge this request, from where its token is looked for to the decision; a reload meanwhile is for
    /// later ones.
    package let policies: CompiledAuthorization
    package var method: ArraySlice<UInt8>
    /// The request target as it came, with its query.
    package var target: ArraySlice<UInt8>
    package var host: ArraySlice<UInt8>?
    /// Where the lines of the head stand; empty where no policy looks at one.
    package var headers: AuthorizationHeaders

    package init(
        policies: CompiledAuthorization, method: ArraySlice<UInt8>, target: ArraySlice<UInt8>, host: ArraySlice<UInt8>?,
        headers: AuthorizationHeaders = AuthorizationHeaders()
    ) {
        self.policies = policies
        self.method = method
        self.target = target
        self.host = host
        self.headers = headers
    }
}
