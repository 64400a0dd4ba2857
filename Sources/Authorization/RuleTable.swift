/// Rules made ready for comparison.
struct RuleTable: Sendable {
    var rows: [RuleRow] = []
    var alternatives: [TermRange] = []
    var terms: [Term] = []
    var patterns: [Pattern] = []
    var bytes: [UInt8] = []
    var blocks: [AddressBlock] = []
    var templates: [PathTemplate] = []
    /// In lower case.
    var headerNames: [[UInt8]] = []
    var claimPaths: [[[UInt8]]] = []

    /// Whether a rule matches.
    func matches(_ row: Int, _ request: borrowing AuthorizationRequest, _ path: Span<UInt8>) -> Bool {
        let row = rows[row]
        return anyHolds(row.operationsStart, row.operationsEnd, request, path)
            && anyHolds(row.sourcesStart, row.sourcesEnd, request, path) && allHold(row.conditions, request, path)
    }

    private func anyHolds(
        _ start: Int32, _ end: Int32, _ request: borrowing AuthorizationRequest, _ path: Span<UInt8>
    ) -> Bool {
        guard start < end else { return true }
        for place in Int(start)..<Int(end) where allHold(alternatives[place], request, path) { return true }
        return false
    }

    private func allHold(
        _ range: TermRange, _ request: borrowing AuthorizationRequest, _ path: Span<UInt8>
    ) -> Bool {
        for place in Int(range.start)..<Int(range.end) where !holds(terms[place], request, path) { return false }
        return true
    }

    /// Whether a term holds. A negated one is exactly the opposite of the same values without the `not`, so it holds for
    /// whatever the request does not have.
    func holds(_ term: Term, _ request: borrowing AuthorizationRequest, _ path: Span<UInt8>) -> Bool {
        matchesAny(of: term, request, path) != term.isNegated
    }

    private func matchesAny(
        of term: Term, _ request: borrowing AuthorizationRequest, _ path: Span<UInt8>
    ) -> Bool {
        switch term.attribute {
        case .path:
            return matchesAny(of: term, path)
        case .method:
            return matchesAny(of: term, request.method.span)
        case .host:
            guard let host = request.host else { return false }
            return matchesAny(of: term, host.span, lowering: true)
        case .serverName:
            guard let name = request.serverName else { return false }
            return matchesAny(of: term, name.span, lowering: true)
        case .port:
            return hasPattern(term) { Int($0.start) == Int(request.destinationPort) }
        case .sourceAddress:
            return matchesAny(of: term, request.sourceAddress)
        case .remoteAddress:
            return matchesAny(of: term, request.remoteAddress)
        case .destinationAddress:
            return matchesAny(of: term, request.destinationAddress)
        case .principal, .namespace, .serviceAccount, .trustDomain:
            guard let principal = request.principal else { return false }
            return matchesAny(of: term, principal)
        case .header:
            let name = headerNames[Int(term.name)]
            // HTTP/2 and HTTP/1 call it differently; a policy that asks for `host` means this.
            if name.elementsEqual("host".utf8), let host = request.host { return matchesAny(of: term, host.span) }
            return request.headers.withValue(of: name) { matchesAny(of: term, $0) } ?? false
        case .claim:
            guard let value = request.token?.value(at: claimPaths[Int(term.name)]) else { return false }
            return value.contains { matchesAny(of: term, $0) }
        case .requestPrincipal:
            guard let issuer = request.token?.issuer, let subject = request.token?.subject else { return false }
            return hasPair(term) { matches($0, issuer.span) && matches($1, subject.span) }
        }
    }

    private func matchesAny(of term: Term, _ principal: borrowing PeerPrincipal) -> Bool {
        switch term.attribute {
        case .namespace:
            return principal.hasNamespace { matchesAny(of: term, $0) }
        case .serviceAccount:
            return hasPair(term) { namespace, account in
                principal.isAccount(
                    bytes.span.extracting(account.range), of: bytes.span.extracting(namespace.range))
            }
        case .trustDomain:
            let domain = principal.bytes.span.extracting(principal.trustDomain)
            return hasPattern(term) { pattern in
                // `*` asks for any identity, the others for an identity with this domain and something after it.
                pattern.kind == .present || !principal.trustDomain.isEmpty && matches(pattern, domain)
            }
        default:
            return matchesAny(of: term, principal.bytes.span)
        }
    }

    private func matchesAny(of term: Term, _ address: NetworkAddress?) -> Bool {
        guard let address else { return false }
        return hasPattern(term) { blocks[Int($0.start)].contains(address) }
    }

    private func matchesAny(of term: Term, _ text: Span<UInt8>, lowering: Bool = false) -> Bool {
        for place in Int(term.patternsStart)..<Int(term.patternsEnd)
        where matches(patterns[place], text, lowering: lowering) {
            return true
        }
        return false
    }

    private func hasPattern(_ term: Term, where isMatch: (Pattern) -> Bool) -> Bool {
        for place in Int(term.patternsStart)..<Int(term.patternsEnd) where isMatch(patterns[place]) { return true }
        return false
    }

    private func hasPair(_ term: Term, where isMatch: (Pattern, Pattern) -> Bool) -> Bool {
        var place = Int(term.patternsStart)
        while place < Int(term.patternsEnd) {
            if isMatch(patterns[place], patterns[place + 1]) { return true }
            place += 2
        }
        return false
    }

    /// Whether a text is what a pattern wants.
    ///
    /// - Parameter lowering: compares the text in lower case; the pattern is as it should be already.
    func matches(_ pattern: Pattern, _ text: Span<UInt8>, lowering: Bool = false) -> Bool {
        let count = Int(pattern.count)
        switch pattern.kind {
        case .exact:
            return text.count == count && holds(pattern, text, at: 0, lowering: lowering)
        case .prefix:
            return holds(pattern, text, at: 0, lowering: lowering)
        case .suffix:
            return holds(pattern, text, at: text.count - count, lowering: lowering)
        case .nonEmpty:
            return !text.isEmpty
        case .present:
            return true
        case .glob:
            return text.fits(glob: bytes.span.extracting(pattern.range))
        case .template:
            return templates[Int(pattern.start)].matches(text)
        case .block, .number, .never:
            return false
        }
    }

    private func holds(_ pattern: Pattern, _ text: Span<UInt8>, at offset: Int, lowering: Bool) -> Bool {
        let part = bytes.span.extracting(pattern.range)
        return lowering ? text.lowercasedHolds(part, at: offset) : text.holds(part, at: offset)
    }
}
