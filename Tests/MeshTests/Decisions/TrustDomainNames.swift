/// The names of a mesh's trust domain, and what they make of the names in a policy.
struct TrustDomainNames {
    let all: [String]

    init(_ mesh: PlainNode) { all = [mesh["trustDomain"].text] + mesh["trustDomainAliases"].texts }

    /// Principals with each name of the trust domain in the place of the one that stands there.
    func expanded(principals: [String]) -> [String] {
        unique(
            principals.flatMap { value in
                let parts = value.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                let count = value.split(separator: "/", omittingEmptySubsequences: false).count
                guard count == 5, parts[0] != "*" else { return [value] }
                guard parts[0] == "cluster.local" || all.contains(where: { matches(parts[0], $0) }) else {
                    return [value]
                }
                return all.map { parts[0].hasPrefix("*") && matches(parts[0], $0) ? value : "\($0)/\(parts[1])" }
            })
    }

    func expanded(trustDomains: [String]) -> [String] {
        unique(trustDomains.flatMap { all.contains($0) ? all : [$0] })
    }

    private func matches(_ pattern: String, _ name: String) -> Bool {
        func covers(_ pattern: String, _ name: String) -> Bool {
            if pattern.hasPrefix("*") { return name.hasSuffix(pattern.dropFirst()) }
            if pattern.hasSuffix("*") { return name.hasPrefix(pattern.dropLast()) }
            return pattern == name
        }
        return covers(pattern, name) || covers(name, pattern)
    }

    private func unique(_ values: [String]) -> [String] {
        values.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
