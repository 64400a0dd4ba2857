import Authorization
import Documents
import GatewayConfiguration
import Identity
import KeySources
import RedisState

/// An issuer that only a RequestAuthentication names, and where its keys come from.
struct PolicyIssuer: Sendable, Hashable {
    /// The most of them at the same time.
    static let countMax = 64

    let issuer: String
    let keys: TokenRule.Keys
    let timeoutMilliseconds: Int

    /// Those of the rules that the configuration does not know, each once, in the order of the rules.
    static func all(_ rules: [TokenRule], besides configured: Set<String>) -> [PolicyIssuer] {
        var found: [PolicyIssuer] = []
        for rule in rules {
            guard let issuer = rule.issuer, !configured.contains(issuer),
                !found.contains(where: { $0.issuer == issuer })
            else { continue }
            found.append(
                PolicyIssuer(issuer: issuer, keys: rule.keys, timeoutMilliseconds: rule.timeoutMilliseconds))
        }
        return found
    }

    /// What is asked of its tokens; the audience is for the rules to judge.
    var policy: IssuerPolicy {
        var policy = IssuerPolicy(
            issuer: issuer, audiences: [], algorithms: Set(SignatureAlgorithm.allCases), maxLifetimeSeconds: nil)
        policy.acceptsAnyAudience = true
        return policy
    }

    /// Where its keys are fetched.
    ///
    /// - Throws: ``KeySetURL/Fault`` for an address that nothing should be fetched from.
    func source() throws(KeySetURL.Fault) -> any KeySetSource {
        var options = URLKeySetSource.Options()
        options.timeoutMilliseconds = Int64(timeoutMilliseconds)
        return switch keys {
        case .inline(let text): FixedKeySetSource(text)
        case .address(let text): URLKeySetSource(try KeySetURL(text), options: options)
        case .discovery: try DiscoveredKeySetSource(issuer: issuer, options: options)
        }
    }
}

extension PolicyIssuer {
    /// The address under which the nodes of a cluster share its keys; nil where each node has them from the resource, or may take
    /// longer to fetch them than the others would wait.
    var sharedURL: String? {
        guard timeoutMilliseconds <= SharedKeySetTiming.fetchMillisecondsMax else { return nil }
        return switch keys {
        case .inline: nil
        case .address(let text): text
        case .discovery: try? DiscoveredKeySetSource.address(of: issuer).text
        }
    }

    /// Warns of rules whose tokens are refused, and refuses issuers that could not be believed.
    static func check(
        _ policies: CompiledAuthorization, _ configuration: GatewayConfiguration, into diagnostics: Diagnostics
    ) {
        let known = configuration.authentication.issuers
        if policies.tokenPlaces.namedCount > TokenPlaces.countMax {
            diagnostics.error(
                "the RequestAuthentications look for tokens in \(policies.tokenPlaces.namedCount) places; at most "
                    + "\(TokenPlaces.countMax) are allowed together", at: nil)
        }
        for rule in policies.tokenRules {
            guard let issuer = rule.issuer else {
                diagnostics.warning(
                    "a RequestAuthentication has a rule without an issuer: it takes the tokens of authentication.issuers, "
                        + "and its jwksUri is not asked", at: nil)
                continue
            }
            if let configured = known.first(where: { $0.issuer == issuer }) {
                if case .address(let address) = rule.keys, address != configured.jwks.url {
                    diagnostics.warning(
                        "RequestAuthentication: the keys of \(MessageText.quoted(issuer)) come from authentication.issuers, "
                            + "not from \(MessageText.quoted(address))", at: nil)
                } else if case .inline = rule.keys {
                    diagnostics.warning(
                        "RequestAuthentication: the keys of \(MessageText.quoted(issuer)) come from authentication.issuers, "
                            + "not from the resource", at: nil)
                }
            } else if !configuration.authorization.requestAuthenticationIssuers {
                diagnostics.warning(
                    "RequestAuthentication: tokens of \(MessageText.quoted(issuer)) are refused, because it is not among "
                        + "authentication.issuers; name it there, or let policies name issuers with "
                        + "authorization.requestAuthenticationIssuers: true", at: nil)
            } else if rule.audiences.isEmpty {
                diagnostics.warning(
                    "RequestAuthentication: tokens of \(MessageText.quoted(issuer)) are taken whatever their audience is; "
                        + "name audiences", at: nil)
            }
        }
        guard configuration.authorization.requestAuthenticationIssuers else { return }
        checkSources(policies.tokenRules, Set(known.map(\.issuer)), diagnostics)
    }

    private static func checkSources(_ rules: [TokenRule], _ known: Set<String>, _ diagnostics: Diagnostics) {
        let issuers = all(rules, besides: known)
        if issuers.count > countMax {
            diagnostics.error(
                "the RequestAuthentications name \(issuers.count) issuers beside authentication.issuers; at most "
                    + "\(countMax) are allowed", at: nil)
        }
        for issuer in issuers {
            let name = "RequestAuthentication: issuer \(MessageText.quoted(issuer.issuer))"
            if rules.contains(where: { $0.issuer == issuer.issuer && $0.keys != issuer.keys }) {
                diagnostics.error("\(name) has keys from two places; give one", at: nil)
            }
            if case .inline(let text) = issuer.keys {
                do throws(KeySetError) {
                    _ = try KeySet(parsingJWKS: Array(text.utf8))
                } catch {
                    diagnostics.error("\(name): its jwks cannot be used: \(error)", at: nil)
                }
            }
            do throws(KeySetURL.Fault) {
                _ = try issuer.source()
            } catch {
                diagnostics.error("\(name): its keys cannot be fetched: \(error.problem)", at: nil)
            }
        }
    }
}
