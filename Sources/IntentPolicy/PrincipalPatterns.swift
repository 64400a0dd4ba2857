import Documents

/// A list of patterns of which one must match.
package struct PrincipalPatterns: Sendable, Hashable {
    /// As they were written.
    package let texts: [String]
    private let patterns: [PrincipalPattern]

    /// Why a text is no pattern, as a sentence with the remedy.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    /// Reads patterns such as `cluster.local/ns/agents/sa/*`.
    ///
    /// - Throws: for the first text that is none.
    package init(_ texts: [String]) throws(Fault) {
        var patterns: [(text: String, pattern: PrincipalPattern)] = []
        for text in texts {
            do throws(PrincipalPattern.Fault) {
                patterns.append((text, try PrincipalPattern(text)))
            } catch {
                throw Fault(description: "\(MessageText.quoted(text)) \(error.problem)")
            }
        }
        self.init(patterns)
    }

    init(_ patterns: [(text: String, pattern: PrincipalPattern)]) {
        texts = patterns.map(\.text)
        self.patterns = patterns.map(\.pattern)
    }

    /// Whether the caller is a service that fits; a caller that is none never does.
    package func matches(_ principal: String?) -> Bool {
        guard let principal else { return false }
        return patterns.contains { $0.matches(principal) }
    }

    /// Whether every principal that fits the others fits these.
    func covers(_ others: PrincipalPatterns) -> Bool {
        others.patterns.allSatisfy { other in patterns.contains { $0.covers(other) } }
    }

    /// The trust domains that they name, each once, in their order.
    var trustDomains: [String] {
        var seen: [String] = []
        for domain in patterns.compactMap(\.trustDomain) where !seen.contains(domain) { seen.append(domain) }
        return seen
    }

    /// The patterns, besides the bare star, that fit services of any trust domain.
    var open: [String] {
        zip(texts, patterns).filter { $0.0 != "*" && $0.1.leavesTrustDomainOpen }.map(\.0)
    }
}
