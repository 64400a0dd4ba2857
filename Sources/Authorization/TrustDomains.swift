/// The names of the mesh's trust domain, and what they do to values that name one of them.
struct TrustDomains {
    private let names: [String]

    init(_ mesh: MeshSettings) {
        var names: [String] = []
        for name in [mesh.trustDomain] + mesh.trustDomainAliases where !names.contains(name) { names.append(name) }
        self.names = names
    }

    /// A principal under every name of the trust domain. Values that are no full identity stay as they are.
    ///
    /// `cluster.local` stands for the mesh's trust domain, whatever that is called.
    func expanded(principal value: String) -> [String] {
        let parts = value.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0] != "*" else { return [value] }
        let first = String(parts[0])
        guard first == "cluster.local" || names.contains(where: { Self.match(first, $0) }) else { return [value] }
        let rest = value.dropFirst(first.count)
        var values: [String] = []
        for name in names {
            let keepsOwn = first.hasPrefix("*") && Self.match(first, name)
            let next = keepsOwn ? value : name + rest
            if !values.contains(next) { values.append(next) }
        }
        return values
    }

    /// A trust domain under every name, when it is one of them.
    func expanded(trustDomain value: String) -> [String] {
        names.contains(value) ? names : [value]
    }

    private static func match(_ one: String, _ other: String) -> Bool {
        one == other || fits(one, pattern: other) || fits(other, pattern: one)
    }

    private static func fits(_ text: String, pattern: String) -> Bool {
        if pattern == "*" { return true }
        if pattern.hasPrefix("*") { return text.hasSuffix(String(pattern.dropFirst())) }
        if pattern.hasSuffix("*") { return text.hasPrefix(String(pattern.dropLast())) }
        return false
    }
}
