import Documents
import GatewayConfiguration
import Testing

@Suite("the reference table")
struct ReferenceTests {
    private static let rows = GatewayConfiguration.reference

    /// Sections by path: the root is "", the entries of a list are `agents[]`.
    private static var sections: [String: [String]] {
        var sections: [String: [String]] = [:]
        for row in rows {
            let parts = row.path.split(separator: ".").map(String.init)
            sections[parts.dropLast().joined(separator: "."), default: []].append(parts.last ?? "")
        }
        return sections
    }

    @Test("every section's reader knows exactly the keys of the table")
    func knownKeys() throws {
        for (section, keys) in Self.sections {
            // Every message about an unknown key that resembles none lists the keys that its reader asked for.
            let messages = said(Self.document(section: section, entry: "qqqqqqqqqqqqqqqq: 1"))
            let message = try #require(messages.first { $0.contains("unknown key 'qqqqqqqqqqqqqqqq'") }, "\(section)")
            let known = try #require(message.split(separator: "known here: ").last)
            #expect(known.split(separator: ", ").map(String.init) == keys, "\(section)")
        }
    }

    @Test("every key of the table is accepted", arguments: GatewayConfiguration.reference.map(\.path))
    func accepted(path: String) {
        let parts = path.split(separator: ".").map(String.init)
        let section = parts.dropLast().joined(separator: ".")
        let messages = said(Self.document(section: section, entry: "\(parts.last ?? ""): 0"))
        #expect(!messages.contains { $0.contains("unknown key") })
    }

    @Test("paths, variables and meanings are complete and unique")
    func complete() {
        #expect(Set(Self.rows.map(\.path)).count == Self.rows.count)
        let variables = Self.rows.compactMap(\.environmentVariable)
        #expect(Set(variables).count == variables.count)
        #expect(Self.rows.allSatisfy { $0.meaning.hasSuffix(".") && !$0.type.isEmpty })
        for row in Self.rows where row.path.contains("[]") { #expect(row.environmentVariable == nil) }
        for row in Self.rows {
            if row.path.hasSuffix("Milliseconds") { #expect(row.unit == "ms", "\(row.path)") }
            if row.path.hasSuffix("Seconds") { #expect(row.unit == "s", "\(row.path)") }
            if row.path.contains("BytesMax") { #expect(row.unit == "bytes", "\(row.path)") }
        }
    }

    @Test("documented rows are as documented")
    func rows() throws {
        let byPath = Dictionary(uniqueKeysWithValues: Self.rows.map { ($0.path, $0) })
        let listen = try #require(byPath["listen.http"])
        #expect(listen.defaultText == "127.0.0.1:8080")
        #expect(listen.environmentVariable == "INTENTUSNET_LISTEN_HTTP")
        let leeway = try #require(byPath["authentication.issuers[].leewaySeconds"])
        #expect(leeway.type == "integer from 0 to 300")
        #expect(leeway.defaultText == "60")
        #expect(byPath["authentication.tokenCacheEntries"]?.environmentVariable == "INTENTUSNET_TOKEN_CACHE_ENTRIES")
        #expect(byPath["authentication.issuers[].audiences"]?.isRequired == true)
        #expect(byPath["authentication.issuers[].algorithms"]?.defaultText == "[RS256]")
        #expect(byPath["eventLoops"]?.defaultText == "one per core")
        #expect(byPath["policy.files"]?.isRequired == true)
        #expect(byPath["policy.files"]?.environmentVariable == "INTENTUSNET_POLICY_FILES")
        #expect(byPath["registration.ttlSecondsMax"]?.environmentVariable == nil)
    }

    /// A file with one entry in one section, in flow style: `authentication: {issuers: [{entry}]}`.
    private static func document(section: String, entry: String) -> String {
        let text = section.split(separator: ".").reversed().reduce("{\(entry)}") { inner, part in
            part.hasSuffix("[]") ? "{\(part.dropLast(2)): [\(inner)]}" : "{\(part): \(inner)}"
        }
        return text + "\n"
    }
}
