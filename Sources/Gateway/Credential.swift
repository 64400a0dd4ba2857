import Authorization
import IntentProtocol

/// The token that a request presents, found but not believed; at most one.
struct Credential: Sendable {
    /// The token without its scheme; nil when none was presented.
    let token: ArraySlice<UInt8>?
    /// Where it stands, as the mesh's policies number the places.
    let places: TokenPlaceSet
    /// The body, when it had to be read to find the token.
    let incoming: Result<IncomingIntent, IntentError>?

    fileprivate init(
        token: ArraySlice<UInt8>?, places: TokenPlaceSet = .usual, incoming: Result<IncomingIntent, IntentError>? = nil
    ) {
        self.token = token
        self.places = places
        self.incoming = incoming
    }
}

extension Gateway {
    /// Finds the token: in the head first; only without one there, in the frame's header and the identity chain.
    ///
    /// A body that cannot be read presents no token, so an unauthenticated caller learns 401 and nothing of the parser.
    func presentedCredential(_ arrival: borrowing Arrival) throws(Refusal) -> Credential {
        if let credential = try presentedInHead(arrival) { return credential }
        do throws(IntentError) {
            let incoming = try IncomingIntent(parsing: arrival.body, limits: settings.envelope)
            return Credential(token: try incoming.singleToken(), incoming: .success(incoming))
        } catch {
            guard error.details["reason"] != .string(conflictingTokensReason) else {
                throw Refusal(error, reason: conflictingTokensReason, event: .authFailure)
            }
            return Credential(token: nil, incoming: .failure(error))
        }
    }

    /// Finds the token of a request whose body is not an envelope: in the head, nowhere else.
    func presentedInHeader(_ arrival: borrowing Arrival) throws(Refusal) -> Credential {
        try presentedInHead(arrival) ?? Credential(token: nil)
    }

    /// Looks at the `Authorization` header, and wherever rules of the mesh look.
    private func presentedInHead(_ arrival: borrowing Arrival) throws(Refusal) -> Credential? {
        let elsewhere = try presentedElsewhere(arrival.head)
        guard let value = arrival.authorization else { return elsewhere }
        guard let token = BearerToken.parse(value) else {
            // Some rule may read another scheme in that header.
            if let elsewhere, arrival.head?.policies.tokenPlaces.areInAuthorization(elsewhere.places) == true {
                return elsewhere
            }
            throw .unauthorized("the Authorization header must be 'Bearer <token>'", reason: "bad_scheme")
        }
        guard let elsewhere else { return Credential(token: token) }
        guard elsewhere.token?.elementsEqual(token) == true else { throw .conflictingTokens }
        return Credential(token: token, places: elsewhere.places.union(.usual))
    }

    private func presentedElsewhere(_ head: ArrivalHead?) throws(Refusal) -> Credential? {
        guard let head, head.policies.tokenPlaces.areAny else { return nil }
        switch head.policies.tokenPlaces.present(target: head.target, headers: head.headers) {
        case .nothing: return nil
        case .one(let token, let places): return Credential(token: token, places: places)
        // Which of them speaks for the caller is nobody's to guess.
        case .several: throw .conflictingTokens
        }
    }
}

/// The stable reason of a request that presents two tokens that differ.
let conflictingTokensReason = "conflicting_tokens"

extension IncomingIntent {
    /// The one token that the body presents; two that differ are refused.
    func singleToken() throws(IntentError) -> ArraySlice<UInt8>? {
        let tokens = bearerTokens()
        guard tokens.count < 2 else {
            throw .conflictingTokens
        }
        return tokens.first.map { Array($0.utf8)[...] }
    }
}

extension IntentError {
    static var conflictingTokens: IntentError {
        IntentError(
            .validationError, "the request presents two bearer tokens that differ: send one",
            details: ["reason": .string(conflictingTokensReason)])
    }
}

extension Refusal {
    /// Two tokens that differ.
    static var conflictingTokens: Refusal {
        Refusal(IntentError.conflictingTokens, reason: conflictingTokensReason, event: .authFailure)
    }

    /// A caller that could not be established: 401.
    static func unauthorized(_ message: String, reason: String) -> Refusal {
        Refusal(IntentError(.unauthorized, message), status: 401, reason: reason, event: .authFailure)
    }
}
