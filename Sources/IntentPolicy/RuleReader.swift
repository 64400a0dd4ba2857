import Documents
import IntentProtocol

/// Reads one rule of the glob dialect.
enum RuleReader {
    /// What a bucket can count; more is no limit that one bucket could ever reach.
    private static let rateCounted = 100_000_000
    private static let rateMax = 1_000_000_000_000
    private static let costMax = 1_000_000

    static func read(_ fields: inout FieldReader, number: Int) -> PolicyRule? {
        let id = fields.string("id") ?? "rule-\(number)"
        let action = PolicyLoader.action("action", &fields)
        if action == nil { fields.reportMissing("action") }
        var rule = PolicyRule(id: id, action: action ?? .deny)
        rule.location = fields.location
        rule.mode = fields.enumeration("mode", as: RuleMode.self) ?? .enforce
        rule.priority = fields.integer("priority", in: -1_000_000...1_000_000) ?? 0
        rule.intents = fields.strings("intents")
        rule.agents = fields.strings("agents")
        rule.roles = fields.strings("roles")
        rule.tenants = fields.strings("tenants")
        rule.principals = principals(&fields)
        rule.identitySources = identitySources(&fields)
        rule.payload = payload(&fields)
        rule.ratePerMinute = rate("rate_limit_per_minute", &fields)
        rule.burst = rate("rate_limit_burst", &fields)
        rule.cost = fields.integer("rate_limit_cost", in: 1...costMax)
        rule.settles = fields.bool("rate_limit_settle") ?? false
        rule.keyTemplate = template(&fields)
        rule.onStoreFailure = fields.enumeration("on_store_failure", as: StoreFailureChoice.self)
        rule.maxTimeoutMilliseconds = fields.integer("max_timeout_ms", in: 1...86_400_000)
        if rule.ratePerMinute == nil {
            for key in ofLimits where fields.has(key) {
                fields.error("\(fields.place(key)) needs rate_limit_per_minute beside it", at: key)
            }
        }
        fields.finish()
        return action == nil ? nil : rule
    }

    /// Keys that say nothing without a limit.
    private static let ofLimits = ["rate_limit_burst", "rate_limit_cost", "rate_limit_settle", "on_store_failure"]

    private static func rate(_ key: String, _ fields: inout FieldReader) -> Int? {
        guard let written = fields.integer(key, in: 0...rateMax) else { return nil }
        guard written > rateCounted else { return written }
        fields.warning("\(fields.place(key)): \(written) counts as \(rateCounted), the most a bucket counts", at: key)
        return rateCounted
    }

    private static func principals(_ fields: inout FieldReader) -> PrincipalPatterns? {
        guard let texts = fields.locatedStrings("principals") else { return nil }
        guard fields.peek("principals")?.sequence?.isEmpty == false else {
            fields.error(
                "\(fields.place("principals")) must not be empty; identity_sources: [none] matches callers that are no service",
                at: "principals")
            return nil
        }
        var patterns: [(text: String, pattern: PrincipalPattern)] = []
        for (place, (text, location)) in texts.enumerated() {
            do throws(PrincipalPattern.Fault) {
                patterns.append((text, try PrincipalPattern(text)))
            } catch {
                fields.diagnostics.error(
                    "\(fields.place("principals"))[\(place)] \(MessageText.quoted(text)) \(error.problem)", at: location
                )
            }
        }
        return PrincipalPatterns(patterns)
    }

    private static func identitySources(_ fields: inout FieldReader) -> [IdentitySource]? {
        guard let sources = fields.enumerations("identity_sources", as: IdentitySource.self) else { return nil }
        guard fields.peek("identity_sources")?.sequence?.isEmpty == false else {
            fields.error(
                "\(fields.place("identity_sources")) must not be empty; leave it out where any source will do",
                at: "identity_sources")
            return nil
        }
        return sources
    }

    private static func payload(_ fields: inout FieldReader) -> [(path: String, regex: PayloadRegex)] {
        guard let node = fields.value("payload_regex") else { return [] }
        guard let members = node.mapping else {
            fields.error("\(fields.place("payload_regex")) must map payload paths to regexes", at: "payload_regex")
            return []
        }
        return members.compactMap { member in
            guard let pattern = member.value.string else {
                fields.diagnostics.error(
                    "\(fields.place("payload_regex")).\(member.key) must be a regex in quotes",
                    at: member.value.location)
                return nil
            }
            return compile(pattern, path: member.key, at: member.value.location, fields.diagnostics)
        }
    }

    static func compile(
        _ pattern: String, path: String, at location: SourceLocation, _ diagnostics: Diagnostics
    ) -> (path: String, regex: PayloadRegex)? {
        do throws(PayloadRegex.SyntaxFault) {
            return (path, try PayloadRegex(pattern))
        } catch {
            diagnostics.error(
                "the regex for \(MessageText.quoted(path)) cannot be parsed: \(error.message) at offset \(error.offset)",
                at: location)
            return nil
        }
    }

    private static func template(_ fields: inout FieldReader) -> KeyTemplate? {
        guard let text = fields.string("rate_limit_key_template") else { return nil }
        do throws(KeyTemplate.Fault) {
            return try KeyTemplate(text)
        } catch {
            fields.error(
                "\(fields.place("rate_limit_key_template")): \(error.message)", at: "rate_limit_key_template")
            return nil
        }
    }
}
