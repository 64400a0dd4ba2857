import IntentProtocol

/// Rules as pointers, while they are being compared. Every place in them was made by the builder that made what it points to.
struct RuleView {
    let rows: UnsafeBufferPointer<RuleRow>
    let alternatives: UnsafeBufferPointer<TermRange>
    let terms: UnsafeBufferPointer<Term>
    let patterns: UnsafeBufferPointer<Pattern>
    let templateParts: UnsafeBufferPointer<Pattern>
    let bytes: UnsafeRawBufferPointer
    let blocks: UnsafeBufferPointer<AddressBlock>

    /// Whether a rule matches.
    func matches(_ row: Int, _ request: borrowing RequestView) -> Bool {
        let row = rows[row]
        return anyHolds(row.sourcesStart, row.sourcesEnd, request)
            && anyHolds(row.operationsStart, row.operationsEnd, request) && allHold(row.conditions, request)
    }

    private func anyHolds(_ start: Int32, _ end: Int32, _ request: borrowing RequestView) -> Bool {
        guard start < end else { return true }
        for place in Int(start)..<Int(end) where allHold(alternatives[place], request) { return true }
        return false
    }

    private func allHold(_ range: TermRange, _ request: borrowing RequestView) -> Bool {
        for place in Int(range.start)..<Int(range.end) where !holds(terms[place], request) { return false }
        return true
    }

    /// Whether a term holds. A negated one is exactly the opposite of the same values without the `not`, so it holds for
    /// whatever the request does not have.
    func holds(_ term: Term, _ request: borrowing RequestView) -> Bool {
        matchesAny(of: term, request) != term.isNegated
    }

    private func matchesAny(of term: Term, _ request: borrowing RequestView) -> Bool {
        switch term.attribute {
        case .path: matchesAny(of: term, request.path)
        case .method: matchesAny(of: term, request.method)
        case .host: matchesAny(of: term, request.host)
        case .serverName: matchesAny(of: term, request.serverName)
        case .header: matchesAny(of: term, request.headers[Int(term.name)])
        case .principal: matchesAny(of: term, request.principal)
        case .namespace: matchesNamespace(term, request)
        case .serviceAccount: matchesServiceAccount(term, request)
        case .trustDomain: matchesTrustDomain(term, request)
        case .sourceAddress: matchesAny(of: term, request.sourceAddress)
        case .remoteAddress: matchesAny(of: term, request.remoteAddress)
        case .destinationAddress: matchesAny(of: term, request.destinationAddress)
        case .port: matchesPort(term, request.port)
        case .claim: matchesClaim(term, request)
        case .requestPrincipal: matchesRequestPrincipal(term, request)
        }
    }

    private func matchesAny(of term: Term, _ text: UnsafeRawBufferPointer?) -> Bool {
        guard let text else { return false }
        for place in term.places where matches(patterns[place], text) { return true }
        return false
    }

    private func matchesAny(of term: Term, _ address: NetworkAddress?) -> Bool {
        guard let address else { return false }
        for place in term.places {
            let pattern = patterns[place]
            // What could not be read as a block is a pattern of another kind, whose start is no place of a block.
            if pattern.kind == .block, blocks[Int(pattern.start)].contains(address) { return true }
        }
        return false
    }

    private func matchesPort(_ term: Term, _ port: UInt16) -> Bool {
        for place in term.places where patterns[place].start == Int32(port) { return true }
        return false
    }

    private func matchesNamespace(_ term: Term, _ request: borrowing RequestView) -> Bool {
        if let namespace = request.namespace { return matchesAny(of: term, namespace) }
        return request.unusualPrincipal?.hasUnusualNamespace { namespace in
            namespace.withUnsafeBytes { matchesAny(of: term, $0) }
        } ?? false
    }

    private func matchesServiceAccount(_ term: Term, _ request: borrowing RequestView) -> Bool {
        var place = Int(term.patternsStart)
        while place < Int(term.patternsEnd) {
            let (namespace, account) = (text(of: patterns[place]), text(of: patterns[place + 1]))
            if let wantedIn = request.namespace, let found = request.serviceAccount {
                if found.isSame(as: account), wantedIn.isSame(as: namespace) { return true }
            } else if request.unusualPrincipal?.isUnusualAccount(account, of: namespace) == true {
                return true
            }
            place += 2
        }
        return false
    }

    private func matchesTrustDomain(_ term: Term, _ request: borrowing RequestView) -> Bool {
        guard request.principal != nil else { return false }
        for place in term.places {
            let pattern = patterns[place]
            // `*` asks for any identity, the others for an identity with this domain and something after it.
            if pattern.kind == .present { return true }
            if !request.trustDomain.isEmpty, matches(pattern, request.trustDomain) { return true }
        }
        return false
    }

    private func matchesClaim(_ term: Term, _ request: borrowing RequestView) -> Bool {
        guard let claim = request.claims[Int(term.name)] else { return false }
        return claim._withUnsafeGuaranteedRef { value in
            for text in value.texts where text.withUnsafeBytes({ matchesAny(of: term, $0) }) { return true }
            return false
        }
    }

    private func matchesRequestPrincipal(_ term: Term, _ request: borrowing RequestView) -> Bool {
        guard let issuer = request.token?.issuer, let subject = request.token?.subject else { return false }
        return issuer.withUnsafeBytes { issuer in
            subject.withUnsafeBytes { subject in
                var place = Int(term.patternsStart)
                while place < Int(term.patternsEnd) {
                    if matches(patterns[place], issuer), matches(patterns[place + 1], subject) { return true }
                    place += 2
                }
                return false
            }
        }
    }

    private func text(of pattern: Pattern) -> UnsafeRawBufferPointer {
        bytes.part(pattern.range)
    }

    /// Whether a text is what a pattern wants.
    private func matches(_ pattern: Pattern, _ text: UnsafeRawBufferPointer) -> Bool {
        switch pattern.kind {
        case .exact: text.isSame(as: self.text(of: pattern))
        case .prefix: text.holds(self.text(of: pattern), at: 0)
        case .suffix: text.holds(self.text(of: pattern), at: text.count - Int(pattern.count))
        case .nonEmpty: !text.isEmpty
        case .present: true
        case .glob: text.fits(glob: self.text(of: pattern))
        case .template: fits(template: pattern, text)
        case .block, .number, .never, .oneSegment, .anySegments: false
        }
    }

    /// Whether a whole path fits a template.
    private func fits(template: Pattern, _ path: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        for place in template.range {
            let part = templateParts[place]
            switch part.kind {
            case .oneSegment:
                let start = index
                while index < path.count, PathTemplate.isSegmentByte(path[index]) { index += 1 }
                guard index > start else { return false }
            case .anySegments:
                // It is the last operator, so whatever follows is one literal at the path's end.
                let tail = place + 1 < template.range.upperBound ? Int(templateParts[place + 1].count) : 0
                guard path.count - tail >= index else { return false }
                while index < path.count - tail {
                    guard path[index] == UInt8(ascii: "/") || PathTemplate.isSegmentByte(path[index]) else {
                        return false
                    }
                    index += 1
                }
            default:
                guard path.holds(text(of: part), at: index) else { return false }
                index += Int(part.count)
            }
        }
        return index == path.count
    }
}
