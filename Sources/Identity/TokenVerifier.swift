/// Decides which tokens are believed: a strict front, the issuer by `iss`, the key by (issuer, `kid`), then the claims.
///
/// It never waits. What is fetched comes in by ``replaceKeys(issuer:with:)``; a token whose key is not at hand is
/// answered with ``Outcome/needsKeys(issuer:)``, and the caller decides whether to wait for a fetch and ask once more.
package final class TokenVerifier: Sendable {
    /// What came of a token.
    package enum Outcome: Sendable {
        /// Everything holds.
        case verified(VerifiedToken)
        /// It is not believed, and newer keys would not change that.
        case refused(TokenRefusal)
        /// Its issuer has no keys now, or none of that id; a fetch may bring it. The index is that of the issuer.
        case needsKeys(issuer: Int)
    }

    /// The policies in the order of their indices.
    package let policies: [IssuerPolicy]
    private let issuers: [CompiledIssuer]
    let keys: [IssuerKeys]
    private let cache: VerifiedTokenCache?

    /// Makes a verifier without keys; every issuer is unavailable until it gets some.
    ///
    /// - Parameters:
    ///   - issuers: each issuer once; of two with the same name the first one counts.
    ///   - cacheEntries: how many verified tokens are kept; 0 verifies each anew.
    package init(issuers: [IssuerPolicy], cacheEntries: Int) {
        policies = issuers
        self.issuers = issuers.map(CompiledIssuer.init)
        keys = issuers.map { _ in IssuerKeys() }
        cache = cacheEntries > 0 ? VerifiedTokenCache(entriesMax: cacheEntries) : nil
    }

    /// Verifies a token at a time in Unix seconds.
    package func verify(_ token: ArraySlice<UInt8>, nowSeconds: Int64) -> Outcome {
        var isNew = false
        return verify(token, nowSeconds: nowSeconds, isNew: &isNew)
    }

    /// Verifies a token at a time in Unix seconds; the bytes are needed during the call only.
    package func verify(_ token: UnsafeRawBufferPointer, nowSeconds: Int64) -> Outcome {
        var isNew = false
        return verify(token, nowSeconds: nowSeconds, isNew: &isNew)
    }

    /// Verifies a token at a time in Unix seconds.
    ///
    /// - Parameter isNew: becomes whether the signature was verified now, and not remembered of an earlier request.
    package func verify(_ token: ArraySlice<UInt8>, nowSeconds: Int64, isNew: inout Bool) -> Outcome {
        token.withUnsafeBytes { verify($0, nowSeconds: nowSeconds, isNew: &isNew) }
    }

    private func verify(_ token: UnsafeRawBufferPointer, nowSeconds: Int64, isNew: inout Bool) -> Outcome {
        isNew = false
        if let found = cache?.find(token, nowSeconds: nowSeconds),
            found.generation == keys[found.token.issuerIndex].generation
        {
            return .verified(found.token)
        }
        isNew = true
        do throws(TokenRefusal) {
            return try verifyAnew(token, nowSeconds: nowSeconds)
        } catch {
            return .refused(error)
        }
    }

    private func verifyAnew(_ token: UnsafeRawBufferPointer, nowSeconds: Int64) throws(TokenRefusal) -> Outcome {
        let compact = try CompactToken(token)
        return try compact.claims.withUnsafeBufferPointer { (claims) throws(TokenRefusal) -> Outcome in
            let claims = UnsafeRawBufferPointer(claims)
            let scanner = try Self.scan(claims)
            let index = try issuerIndex(scanner)
            let issuer = issuers[index]
            guard issuer.algorithms.contains(compact.header.algorithm) else { throw .unsupportedAlgorithm }
            let current = keys[index].current()
            guard let verifier = try key(of: compact.header, in: current.keySet, index, nowSeconds: nowSeconds) else {
                return .needsKeys(issuer: index)
            }
            guard try compact.isSigned(by: verifier) else { throw .badSignature }
            let checked = try TokenClaims(scanner, issuer, nowSeconds: nowSeconds)
            let verified = VerifiedToken(checked, issuer: issuer.name, issuerIndex: index, claimBytes: compact.claims)
            if verified.expiresAtSeconds > nowSeconds {
                cache?.insert(token, verified, generation: current.generation)
            }
            return .verified(verified)
        }
    }

    private static func scan(_ claims: UnsafeRawBufferPointer) throws(TokenRefusal) -> ObjectScanner {
        do throws(ObjectFault) {
            try checkUTF8(claims)
            return try ObjectScanner(scanning: claims)
        } catch {
            throw .malformed("its claims are not accepted: the part \(error.problem)")
        }
    }

    /// Until the signature holds, `iss` only says whose keys the token will be held against.
    private func issuerIndex(_ scanner: ObjectScanner) throws(TokenRefusal) -> Int {
        guard let claim = scanner.value("iss") else { throw .missingClaim("iss") }
        guard claim.isAnyString else { throw .malformed("its claim 'iss' is not a string") }
        for index in issuers.indices
        where issuers[index].nameBytes.withUnsafeBytes({ claim.isString($0, in: scanner.bytes) }) { return index }
        throw .unknownIssuer
    }

    /// The key that must have signed; nil when a fetch may bring it.
    private func key(
        of header: TokenHeader, in keySet: KeySet?, _ index: Int, nowSeconds: Int64
    ) throws(TokenRefusal) -> SignatureVerifier? {
        guard let keySet else { return nil }
        let match =
            if let keyID = header.keyID {
                keyID.withUnsafeBytes { keySet.match(keyID: $0, header.algorithm) }
            } else {
                keySet.match(keyID: nil, header.algorithm)
            }
        switch match {
        case .key(let verifier): return verifier
        case .unfit: throw .unknownKey(header.keyID.map { String(decoding: $0, as: UTF8.self) })
        case .unknownKeyID:
            guard let keyID = header.keyID, !keys[index].isAbsent(keyID, nowSeconds: nowSeconds) else {
                throw .unknownKey(header.keyID.map { String(decoding: $0, as: UTF8.self) })
            }
            return nil
        }
    }
}

extension TokenVerifier {
    /// The refusal of a token that still needs keys after the wait for them: 401 when its issuer's keys are known and do
    /// not include it, 503 when there are none.
    package func refusalWithoutKeys(_ token: ArraySlice<UInt8>, issuer: Int) -> TokenRefusal {
        guard keys[issuer].current().keySet != nil else {
            return .keysUnavailable(
                issuer: policies[issuer].issuer, retryAfterSeconds: keys[issuer].retryAfterSeconds)
        }
        let keyID = token.withUnsafeBytes { bytes -> [UInt8]? in
            let compact = try? CompactToken(bytes)
            return compact?.header.keyID
        }
        return .unknownKey(keyID.map { String(decoding: $0, as: UTF8.self) })
    }

    /// Puts an issuer's keys in force; tokens verified with other keys are verified again.
    package func replaceKeys(issuer: Int, with keySet: KeySet) {
        keys[issuer].replace(keySet)
    }

    /// Puts keys in force that the issuer served before they were asked for: newer ones, but no answer to whether a key
    /// id is absent.
    ///
    /// - Parameter endsFetch: whether they are what a fetch of our own came to.
    package func adoptKeys(issuer: Int, _ keySet: KeySet, endsFetch: Bool) {
        keys[issuer].adopt(keySet, endsFetch: endsFetch)
    }

    /// Takes an issuer's keys out of force: its tokens are refused as unavailable, never judged by older keys.
    package func withdrawKeys(issuer: Int) {
        keys[issuer].withdraw()
    }

    /// A fetch of the issuer's keys begins: it will answer for the key ids asked for so far.
    package func fetchBegins(issuer: Int) {
        keys[issuer].fetchBegins()
    }

    /// A fetch failed; callers without keys are told to come back after that time.
    package func fetchFailed(issuer: Int, retryAfterSeconds: Int) {
        keys[issuer].fetchFailed(retryAfterSeconds: retryAfterSeconds)
    }

    /// How many keys of an issuer are in force.
    package func keyCount(issuer: Int) -> Int {
        keys[issuer].keyCount
    }

    /// How many verified tokens are remembered.
    package var cachedTokenCount: Int { cache?.count ?? 0 }
}
