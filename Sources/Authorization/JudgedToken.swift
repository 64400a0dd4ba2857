import IntentProtocol

/// What the rules of a workload make of one verified token; made once and kept beside it.
package struct JudgedToken: Sendable {
    /// What a rule says, whatever place the token stands in.
    enum Verdict: Sendable {
        case otherIssuer
        case otherAudience
        case believed
    }

    /// What comes of a token at certain places.
    package enum Outcome: Sendable {
        /// No rule looks there: for the mesh there is no token.
        case unseen
        /// A rule believes it.
        case believed(rule: Int)
        /// Rules look there, and none of them is for its issuer.
        case otherIssuer
        /// Those for its issuer want another audience.
        case otherAudience
    }

    package let attributes: TokenAttributes
    private let verdicts: [Verdict]
    /// The headers that each rule which believes the token makes of it.
    private let outputs: [[TokenHeader]]

    init(
        _ rules: [TokenRule], claims: JSONObject, encodedPayload: String, issuer: String, attributes: TokenAttributes
    ) {
        let audiences =
            claims["aud"]?.stringValue.map { [$0] } ?? claims["aud"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let verdicts = rules.map { rule in
            guard rule.issuer == nil || rule.issuer == issuer else { return Verdict.otherIssuer }
            return rule.accepts(audiences: audiences) ? .believed : .otherAudience
        }
        self.attributes = attributes
        self.verdicts = verdicts
        outputs = zip(rules, verdicts).map { rule, verdict in
            verdict == .believed ? TokenHeader.all(rule, claims: claims, encodedPayload: encodedPayload) : []
        }
    }

    /// What the rules that look at these places make of it; the first that believes it counts.
    func outcome(_ places: TokenPlaceSet, _ all: TokenPlaces) -> Outcome {
        var outcome = Outcome.unseen
        for (rule, verdict) in verdicts.enumerated() where !all.ofRules[rule].isDisjoint(with: places) {
            switch verdict {
            case .believed: return .believed(rule: rule)
            case .otherAudience: outcome = .otherAudience
            case .otherIssuer: if case .unseen = outcome { outcome = .otherIssuer }
            }
        }
        return outcome
    }

    /// The headers that a rule makes of it.
    package func headers(ofRule rule: Int) -> [TokenHeader] { outputs[rule] }
}

/// A header that a rule makes of a token.
package struct TokenHeader: Sendable, Hashable {
    /// In lower case.
    package let name: String
    package let value: String

    static func all(_ rule: TokenRule, claims: JSONObject, encodedPayload: String) -> [TokenHeader] {
        let payload = rule.payloadHeader.map { [TokenHeader(name: $0, value: encodedPayload)] } ?? []
        return payload
            + rule.claimHeaders.compactMap { output in
                text(output.claim, claims).map { TokenHeader(name: output.header, value: $0) }
            }
    }

    /// A text, number or truth value that can stand in a header.
    private static func text(_ claim: String, _ claims: JSONObject) -> String? {
        var value: JSONValue? = .object(claims)
        for name in claim.split(separator: ".", omittingEmptySubsequences: false) {
            value = value?.objectValue?[String(name)]
        }
        let text: String? =
            switch value {
            case .string(let text): text
            case .bool, .number: value.map { String(decoding: $0.encoded, as: UTF8.self) }
            case .null, .array, .object, nil: nil
            }
        // What would begin another line, or is not plain text, cannot be told.
        return text.flatMap { $0.utf8.allSatisfy { (0x20...0x7e).contains($0) } ? $0 : nil }
    }
}
