import IntentProtocol

/// Builds a rule table.
struct RuleTableBuilder {
    private(set) var table = RuleTable()
    private let trustDomains: TrustDomains
    private var headerPlaces: [String: Int32] = [:]
    private var claimPlaces: [[String]: Int32] = [:]

    init(_ trustDomains: TrustDomains) {
        self.trustDomains = trustDomains
    }

    /// Adds a rule and gives its row.
    ///
    /// - Parameters:
    ///   - rule: the rule.
    ///   - place: its place in its policy.
    ///   - policy: the place of its policy.
    ///   - namespace: the namespace of its policy, which is that of service accounts without one.
    mutating func add(_ rule: AuthorizationRule, place: Int, policy: Int, namespace: String) -> Int {
        let sourcesStart = table.alternatives.count
        for source in rule.sources { append(source, namespace) }
        let operationsStart = table.alternatives.count
        for operation in rule.operations { append(operation, namespace) }
        let operationsEnd = table.alternatives.count
        let conditions = terms(rule.conditions, namespace)
        table.rows.append(
            RuleRow(
                policy: Int32(policy), rule: Int32(place), sourcesStart: Int32(sourcesStart),
                sourcesEnd: Int32(operationsStart), operationsStart: Int32(operationsStart),
                operationsEnd: Int32(operationsEnd), conditions: conditions))
        return table.rows.count - 1
    }

    private mutating func append(_ alternative: [RuleTerm], _ namespace: String) {
        let range = terms(alternative, namespace)
        table.alternatives.append(range)
    }

    private mutating func terms(_ terms: [RuleTerm], _ namespace: String) -> TermRange {
        let start = table.terms.count
        for term in terms {
            let (attribute, name) = place(of: term.attribute)
            let patternsStart = table.patterns.count
            for value in term.values { append(value, term.attribute, namespace) }
            table.terms.append(
                Term(
                    attribute: attribute, isNegated: term.isNegated, name: name, patternsStart: Int32(patternsStart),
                    patternsEnd: Int32(table.patterns.count)))
        }
        return TermRange(start: Int32(start), end: Int32(table.terms.count))
    }

    private mutating func place(of attribute: RuleAttribute) -> (TermAttribute, name: Int32) {
        switch attribute {
        case .principal: (.principal, 0)
        case .namespace: (.namespace, 0)
        case .serviceAccount: (.serviceAccount, 0)
        case .trustDomain: (.trustDomain, 0)
        case .requestPrincipal: (.requestPrincipal, 0)
        case .sourceAddress: (.sourceAddress, 0)
        case .remoteAddress: (.remoteAddress, 0)
        case .destinationAddress: (.destinationAddress, 0)
        case .host: (.host, 0)
        case .port: (.port, 0)
        case .method: (.method, 0)
        case .path: (.path, 0)
        case .serverName: (.serverName, 0)
        case .header(let name): (.header, headerPlace(name))
        case .audiences: (.claim, claimPlace(["aud"]))
        case .presenter: (.claim, claimPlace(["azp"]))
        case .claim(let path): (.claim, claimPlace(path))
        }
    }

    private mutating func headerPlace(_ name: String) -> Int32 {
        if let place = headerPlaces[name] { return place }
        let place = Int32(table.headerNames.count)
        table.headerNames.append(Array(name.utf8))
        headerPlaces[name] = place
        return place
    }

    private mutating func claimPlace(_ path: [String]) -> Int32 {
        if let place = claimPlaces[path] { return place }
        let place = Int32(table.claimPaths.count)
        table.claimPaths.append(path.map { Array($0.utf8) })
        claimPlaces[path] = place
        return place
    }

    private mutating func append(_ value: String, _ attribute: RuleAttribute, _ namespace: String) {
        // Bytes from here on: a star with an accent over it is still a star, which characters would not tell.
        let bytes = Array(value.utf8)
        switch attribute {
        case .principal:
            for name in trustDomains.expanded(principal: value) { append(Array(name.utf8), whenStar: .nonEmpty) }
        case .namespace:
            appendGlob(bytes, whenStar: .nonEmpty)
        case .serviceAccount:
            let parts = bytes.split(separator: UInt8(ascii: "/"))
            append(.exact, parts.count == 2 ? parts[0] : Array(namespace.utf8)[...])
            append(.exact, parts.last ?? [])
        case .trustDomain:
            for name in trustDomains.expanded(trustDomain: value) { appendGlob(Array(name.utf8), whenStar: .present) }
        case .requestPrincipal:
            let pair = RequestPrincipalPattern(bytes)
            append(pair.issuer.kind, pair.issuer.text)
            append(pair.subject.kind, pair.subject.text)
        case .sourceAddress, .remoteAddress, .destinationAddress:
            appendBlock(value)
        case .port:
            table.patterns.append(Pattern(kind: .number, start: Int32(ValueRules.port(value) ?? 0), count: 0))
        case .path where PathTemplate.isTemplate(bytes):
            appendTemplate(bytes)
        case .host:
            append(bytes.map(\.asciiLowercased), whenStar: .present)
        case .method, .header:
            append(bytes, whenStar: .present)
        case .path, .audiences, .presenter, .claim, .serverName:
            append(bytes, whenStar: .nonEmpty)
        }
    }

    /// The usual patterns: `*`, `*suffix`, `prefix*`, or the value itself. A star elsewhere is a star.
    private mutating func append(_ value: [UInt8], whenStar kind: PatternKind) {
        if value == [star] {
            append(kind, [])
        } else if value.first == star {
            append(.suffix, value.dropFirst())
        } else if value.last == star {
            append(.prefix, value.dropLast())
        } else {
            append(.exact, value[...])
        }
    }

    private mutating func appendGlob(_ value: [UInt8], whenStar kind: PatternKind) {
        if value == [star] {
            append(kind, [])
        } else {
            append(value.contains(star) ? .glob : .exact, value[...])
        }
    }

    private mutating func appendTemplate(_ value: [UInt8]) {
        let start = table.templateParts.count
        for part in PathTemplate.parts(of: value) {
            switch part {
            case .literal(let text):
                table.templateParts.append(
                    Pattern(kind: .exact, start: Int32(table.bytes.count), count: Int32(text.count)))
                table.bytes += text
            case .oneSegment: table.templateParts.append(Pattern(kind: .oneSegment, start: 0, count: 0))
            case .anySegments: table.templateParts.append(Pattern(kind: .anySegments, start: 0, count: 0))
            }
        }
        table.patterns.append(
            Pattern(kind: .template, start: Int32(start), count: Int32(table.templateParts.count - start)))
    }

    private mutating func appendBlock(_ value: String) {
        guard let block = AddressBlock(value) else { return append(.never, []) }
        table.blocks.append(block)
        table.patterns.append(Pattern(kind: .block, start: Int32(table.blocks.count - 1), count: 0))
    }

    private mutating func append(_ kind: PatternKind, _ text: ArraySlice<UInt8>) {
        let start = table.bytes.count
        table.bytes += text
        table.patterns.append(Pattern(kind: kind, start: Int32(start), count: Int32(table.bytes.count - start)))
    }
}

private let star = UInt8(ascii: "*")
