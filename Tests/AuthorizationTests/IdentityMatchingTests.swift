import Authorization
import IntentProtocol
import Testing

@Suite("Matching of identities")
struct IdentityMatchingTests {
    private func isAllowed(_ field: String, _ value: String, _ principal: String, mesh: MeshSettings = MeshSettings())
        throws -> Bool
    {
        try compile(resource("rules: [{from: [{source: {\(field): ['\(value)']}}]}]"), mesh: mesh)
            .evaluate(request(principal: principal)).isAllowed
    }

    @Test(
        "namespaces compare whole parts of an identity",
        arguments: [
            ("default", "td/ns/default/sa/a", true), ("default", "td/ns/default-2/sa/a", false),
            ("*", "td/ns/x/sa/a", true),
            ("a.b", "td/ns/a-b/sa/x", false), ("pre*", "td/ns/prefix/sa/a", true), ("*fix", "td/ns/prefix/sa/a", true),
            ("p*x", "td/ns/prefix/sa/a", true), ("p*y", "td/ns/prefix/sa/a", false),
            // A star must not reach over a slash, or any account would end in what is asked for.
            ("*a", "td/ns/x/sa/a", false), ("x*a", "td/ns/x/sa/a", false),
            // A trust domain or namespace called `ns` is no mark of a namespace.
            ("ns", "ns/ns/x/sa/a", false), ("x", "ns/x/sa/a/b", false), ("sa", "td/ns/ns/sa/x", false),
            // Identities of other forms.
            ("x", "td/region/eu/ns/x/sa/a", true), ("x", "td/ns/x", false), ("x", "td/ns/x/", true), ("*", "td", false),
        ])
    func namespaces(value: String, principal: String, expected: Bool) throws {
        #expect(try isAllowed("namespaces", value, principal) == expected)
    }

    @Test(
        "service accounts compare whole parts of an identity; a dot is a dot",
        arguments: [
            ("default/sleep", "td/ns/default/sa/sleep", true), ("sleep", "td/ns/foo/sa/sleep", true),
            ("sleep", "td/ns/default/sa/sleep", false), ("default/sleep", "td/ns/default/sa/sleepy", false),
            ("cert/cert-manager.io", "td/ns/cert/sa/cert-manager-io", false),
            ("cert/cert-manager.io", "td/ns/cert/sa/cert-manager.io", true),
            ("default/sleep", "td/region/eu/ns/default/sa/sleep", true),
            ("default/sleep", "td/ns/default/zone/1/sa/sleep", true),
            ("default/sleep", "td/ns/default/sa/sleep/v/2", true), ("default/sleep", "td/sa/sleep/ns/default", false),
        ])
    func serviceAccounts(value: String, principal: String, expected: Bool) throws {
        #expect(try isAllowed("serviceAccounts", value, principal) == expected)
    }

    @Test(
        "trust domains compare what stands before the first slash",
        arguments: [
            ("td", "td/ns/a/sa/b", true), ("t", "td/ns/a/sa/b", false), ("t*", "td/ns/a/sa/b", true),
            ("*d", "td/ns/a/sa/b", true), ("*b", "td/ns/a/sa/b", false), ("t*d", "t-x-d/ns/a/sa/b", true),
            ("td", "td", false),
            ("*", "td", true),
        ])
    func trustDomains(value: String, principal: String, expected: Bool) throws {
        #expect(try isAllowed("trustDomains", value, principal) == expected)
    }

    @Test(
        "full identities of the mesh's trust domain count under each of its names",
        arguments: [
            ("new/ns/a/sa/b", ["new/ns/a/sa/b", "old/ns/a/sa/b"], ["cluster.local/ns/a/sa/b", "x/ns/a/sa/b"]),
            ("old/ns/a/sa/b", ["new/ns/a/sa/b", "old/ns/a/sa/b"], ["cluster.local/ns/a/sa/b"]),
            ("cluster.local/ns/a/sa/b", ["new/ns/a/sa/b", "old/ns/a/sa/b"], ["cluster.local/ns/a/sa/b"]),
            ("new/ns/a/sa/*", ["old/ns/a/sa/c"], ["old/ns/b/sa/c"]), ("new/ns/*", ["new/ns/a/sa/c"], ["old/ns/a/sa/c"]),
            ("x/ns/a/sa/b", ["x/ns/a/sa/b"], ["new/ns/a/sa/b"]), ("*/sa/b", ["x/ns/a/sa/b"], ["x/ns/a/sa/c"]),
            ("*w/ns/a/sa/b", ["new/ns/a/sa/b", "raw/ns/a/sa/b", "old/ns/a/sa/b"], ["x/ns/a/sa/b"]),
        ])
    func aliases(value: String, matching: [String], other: [String]) throws {
        let mesh = MeshSettings(trustDomain: "new", trustDomainAliases: ["old"])
        for principal in matching { #expect(try isAllowed("principals", value, principal, mesh: mesh), "\(principal)") }
        for principal in other { #expect(try !isAllowed("principals", value, principal, mesh: mesh), "\(principal)") }
        if !value.hasPrefix("*"), value.hasSuffix("b") {
            for principal in matching {
                #expect(try !isAllowed("notPrincipals", value, principal, mesh: mesh), "\(principal)")
            }
        }
    }

    @Test(
        "addresses compare by block and family; an IPv4 address inside IPv6 is the IPv4 address",
        arguments: [
            ("10.1.2.3", "10.1.2.3", true), ("10.1.2.3", "10.1.2.4", false), ("10.0.0.0/8", "10.255.0.1", true),
            ("10.9.9.9/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "::1", false), ("::/0", "1.2.3.4", false), ("::/0", "2001:db8::1", true),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("2001:db8::/33", "2001:db8:8000::1", false), ("2001:db8::/33", "2001:db8:7fff::1", true),
        ])
    func addresses(block: String, address: String, expected: Bool) throws {
        let compiled = try compile(resource("rules: [{from: [{source: {ipBlocks: ['\(block)']}}]}]"))
        #expect(compiled.evaluate(request(source: address)).isAllowed == expected)
    }

    @Test(
        "what is no address literal is none",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.4 ", "::1::", ":::", "1:2:3:4:5:6:7", "g::",
            "::1%eth0", "+1::", "1:2:3:4:5:6:7:8:9", "::12345",
        ]
    )
    func noAddress(text: String) {
        #expect(NetworkAddress(text) == nil)
    }
}
