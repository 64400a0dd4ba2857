import IntentProtocol

/// The token that a request presents, found but not believed; at most one.
struct Credential: Sendable {
    /// The token without its scheme; nil when none was presented.
    let token: ArraySlice<UInt8>?
    /// The body, when it had to be read to find the token.
    let incoming: Result<IncomingIntent, IntentError>?

    fileprivate init(token: ArraySlice<UInt8>?, incoming: Result<IncomingIntent, IntentError>?) {
        self.token = token
        self.incoming = incoming
    }
}

extension Gateway {
    /// Finds the token: the HTTP header first; only without one, the frame's header and the identity chain.
    ///
    /// A body that cannot be read presents no token, so an unauthenticated caller learns 401 and nothing of the parser.
    func presentedCredential(_ arrival: borrowing Arrival) throws(Refusal) -> Credential {
        if let value = arrival.authorization {
            guard let token = BearerToken.parse(value) else {
                throw .unauthorized("the Authorization header must be 'Bearer <token>'", reason: "bad_scheme")
            }
            return Credential(token: token, incoming: nil)
        }
        do throws(IntentError) {
            let incoming = try IncomingIntent(parsing: arrival.body, limits: settings.envelope)
            return Credential(token: try incoming.singleToken(), incoming: .success(incoming))
        } catch {
            guard error.details["reason"] != .string(conflictingTokens) else {
                throw Refusal(error, reason: conflictingTokens, event: .authFailure)
            }
            return Credential(token: nil, incoming: .failure(error))
        }
    }
}

extension Gateway {
    /// Finds the token of a request whose body is not an envelope: in the HTTP header, nowhere else.
    func presentedInHeader(_ arrival: borrowing Arrival) throws(Refusal) -> Credential {
        guard arrival.authorization != nil else { return Credential(token: nil, incoming: nil) }
        return try presentedCredential(arrival)
    }
}

/// The stable reason of a request that presents two tokens that differ.
let conflictingTokens = "conflicting_tokens"

extension IncomingIntent {
    /// The one token that the body presents; two that differ are refused.
    func singleToken() throws(IntentError) -> ArraySlice<UInt8>? {
        let tokens = bearerTokens()
        guard tokens.count < 2 else {
            throw IntentError(
                .validationError, "the request presents two bearer tokens that differ: send one",
                details: ["reason": .string(conflictingTokens)])
        }
        return tokens.first.map { Array($0.utf8)[...] }
    }
}

extension Refusal {
    /// A caller that could not be established: 401.
    static func unauthorized(_ message: String, reason: String) -> Refusal {
        Refusal(IntentError(.unauthorized, message), status: 401, reason: reason, event: .authFailure)
    }
}
