import Documents
import GatewayConfiguration
import Testing

@Suite("configuration files that are refused or warned of")
struct RefusedFileTests {
    @Test("an empty file names everything that is required")
    func empty() {
        let reading = GatewayConfiguration.read("", file: "g.yaml")
        #expect(reading.configuration == nil)
        #expect(
            reading.diagnostics.map(\.description) == [
                "g.yaml:1:1: error: authentication.issuers is required",
                "g.yaml:1:1: error: policy.files is required",
                "g.yaml:1:1: warning: no agents and no registration: every intent will be refused",
            ])
    }

    @Test("every error of a file is told at once, top to bottom")
    func everythingAtOnce() {
        let text = """
            listn: { http: "127.0.0.1:8080" }
            listen: { http: "8080", headerBytesMax: 10, bodyBytesMaximum: 5 }
            eventLoops: many
            store: redis
            authentication:
              tokenCacheEntrys: 5
              issuers:
                - isuer: https://idp.example.com
                  audiences: intentusnet
                  algorithms: [RS265, none]
                  leewaySeconds: 301
                  jwks: { file: a, url: "https://b" }
                - issuer: x
                  jwks: {}
                - 7
            policy: { files: [] }
            agents:
              - name: a
                intents: []
                instances: [{ url: "ftp://x" }]
              - name: a
                intents: [{ name: X, version: 1.0 }, { name: Y }, { name: Y }]
                instances: [{ id: 1, url: "http://h:1" }, { url: "http://h" }, { url: "http://h" }]
              - intents: [{ version: "1" }]
            registration: { allow: [{ agents: [x] }, { subjects: [y] }], ttlSecondsMax: 0 }
            audit: { file: x }
            log: { level: inof }
            """
        #expect(
            said(text) == [
                "g.yaml:1:1: error: unknown key 'listn'; did you mean 'listen'?",
                "g.yaml:2:17: error: listen.http must be host:port, with an IPv6 host in brackets, found the string '8080'",
                "g.yaml:2:41: error: listen.headerBytesMax must be an integer from 1024 to 1048576, found the integer 10",
                "g.yaml:2:45: error: unknown key 'bodyBytesMaximum'; did you mean 'bodyBytesMax'?",
                "g.yaml:3:13: error: eventLoops must be an integer from 1 to 1024, found the string 'many'",
                "g.yaml:4:8: error: store must be memory, a redis:// or rediss:// URL, or a mapping with redis, found 'redis'",
                "g.yaml:6:3: error: unknown key 'tokenCacheEntrys'; did you mean 'tokenCacheEntries'?",
                "g.yaml:8:7: error: authentication.issuers[0].issuer is required",
                "g.yaml:8:7: error: unknown key 'isuer'; did you mean 'issuer'?",
                "g.yaml:9:18: error: authentication.issuers[0].audiences must be a list, found the string 'intentusnet'",
                "g.yaml:10:20: error: authentication.issuers[0].algorithms[0] must be one of RS256, PS256, ES256, ES384, "
                    + "EdDSA, found the string 'RS265'; did you mean 'RS256'?",
                "g.yaml:10:27: error: authentication.issuers[0].algorithms[1] must be one of RS256, PS256, ES256, ES384, "
                    + "EdDSA, found the string 'none'",
                "g.yaml:11:22: error: authentication.issuers[0].leewaySeconds must be an integer from 0 to 300, found the "
                    + "integer 301",
                "g.yaml:12:29: error: authentication.issuers[0].jwks must have either file or url, not both",
                "g.yaml:13:7: error: authentication.issuers[1].audiences is required",
                "g.yaml:14:13: error: authentication.issuers[1].jwks must have file or url",
                "g.yaml:15:7: error: authentication.issuers[2] must be a mapping, found the integer 7",
                "g.yaml:16:18: error: policy.files must not be empty",
                "g.yaml:19:14: error: agents[0].intents must not be empty",
                "g.yaml:20:24: error: agents[0].instances[0].url must be a URL that begins with http:// or https:// and names a host, without a user, "
                    + "found the string 'ftp://x'",
                "g.yaml:21:11: error: agents[1].name 'a' is already used on line 18",
                "g.yaml:22:35: error: agents[1].intents[0].version must be a string of 1 to 256 bytes, found the float "
                    + "1.0; put it in quotes: \"1.0\"",
                "g.yaml:22:63: error: agents[1].intents[2].name 'Y:1.0' is already used on line 22",
                "g.yaml:23:23: error: agents[1].instances[0].id must be a string of 1 to 128 bytes, found the integer 1; "
                    + "put it in quotes: \"1\"",
                "g.yaml:23:75: error: agents[1].instances[2].url 'http://h' is already used on line 23",
                "g.yaml:24:5: error: agents[2].name is required",
                "g.yaml:24:15: error: agents[2].intents[0].name is required",
                "g.yaml:25:15: warning: registration.allow: there are several issuers, and a permission without issuers takes "
                    + "the roles and subjects of each; name those that may say who registers",
                "g.yaml:25:25: error: registration.allow[0] must name subjects, roles or principals: who may register",
                "g.yaml:25:42: error: registration.allow[1].agents is required",
                "g.yaml:25:77: error: registration.ttlSecondsMax must be an integer from 1 to 600, found the integer 0",
                "g.yaml:26:16: error: audit.file is set, but audit.output is stdout",
                "g.yaml:27:15: error: log.level must be one of trace, debug, info, notice, warning, error, critical, found "
                    + "the string 'inof'; did you mean 'info'?",
            ])
    }

    @Test(
        "one fault in a usable file",
        arguments: [
            (
                "127.0.0.1:9090", "127.0.0.1:8080",
                ["g.yaml:2:8: error: admin.http must differ from listen.http, found 127.0.0.1:8080 for both"]
            ),
            (
                "{ file: jwks.json }", "jwks.json",
                ["g.yaml:7:13: error: authentication.issuers[0].jwks must be a mapping, found the string 'jwks.json'"]
            ),
            ("{ file: jwks.json }", "~", ["g.yaml:5:7: error: authentication.issuers[0].jwks is required"]),
            (
                "  issuers:", "  serviceName: mesh/gateway\n  issuers:",
                ["g.yaml:4:16: error: authentication.serviceName: 'mesh/gateway' must have no slash; principals have"]
            ),
            ("[intentusnet]", "[]", ["g.yaml:6:18: error: authentication.issuers[0].audiences must not be empty"]),
            ("[intentusnet]", "[a, a]", ["g.yaml:6:22: error: authentication.issuers[0].audiences has 'a' twice"]),
            (
                "{ file: jwks.json }", "{ url: \"http://idp.example.com/jwks\" }",
                [
                    "g.yaml:7:20: error: authentication.issuers[0].jwks.url is plain http; use https, or set "
                        + "allowInsecureHttp: true where the network is trusted"
                ]
            ),
            (
                "{ file: jwks.json }", "{ url: \"http://idp.example.com/jwks\", allowInsecureHttp: true }",
                [
                    "g.yaml:7:20: warning: authentication.issuers[0].jwks.url is plain http: whoever is on the way can let "
                        + "anybody in"
                ]
            ),
            ("{ file: jwks.json }", "{ url: \"http://127.0.0.1:9400/jwks.json\" }", []),
            (
                "{ file: jwks.json }", "{ file: jwks.json, caFile: ca.pem }",
                ["g.yaml:7:40: error: authentication.issuers[0].jwks.caFile needs a url that begins with https://"]
            ),
            (
                "  issuers:", "  anonymous: allow\n  issuers:",
                [
                    "g.yaml:4:14: warning: authentication.anonymous: callers without a token are let in; the policy alone decides"
                ]
            ),
            (
                "\"127.0.0.1:8080\"", "\"127.0.0.1:8080\", bodyBytesMax: 4096",
                [
                    "g.yaml:1:1: warning: envelope.payloadBytesMax (1048576) is never reached, because listen.bodyBytesMax is 4096"
                ]
            ),
            (
                "\"127.0.0.1:8080\"", "\"127.0.0.1:8080\", requestTimeoutMilliseconds: 1000",
                [
                    "g.yaml:1:9: warning: listen.headerTimeoutMilliseconds (5000) is longer than "
                        + "listen.requestTimeoutMilliseconds (1000), which ends first"
                ]
            ),
            (
                "instances: [{ url: \"http://127.0.0.1:9001/execute-agent\" }]", "instances: []",
                ["g.yaml:12:16: warning: agents[0] has no instances: it answers only once one has registered"]
            ),
            ("http://127.0.0.1:9001/execute-agent", "http://user:pw@host/", [Self.badURL("something else")]),
            (
                "http://127.0.0.1:9001/execute-agent", "http://host:99999/",
                [Self.badURL("the string 'http://host:99999/'")]
            ),
            ("http://127.0.0.1:9001/execute-agent", "http:///path", [Self.badURL("the string 'http:///path'")]),
            ("http://127.0.0.1:9001/execute-agent", "ftp://host/", [Self.badURL("the string 'ftp://host/'")]),
            ("http://127.0.0.1:9001/execute-agent", "http://ho st/", [Self.badURL("the string 'http://ho st/'")]),
        ])
    func oneFault(part: String, replacement: String, messages: [String]) {
        let text = usableFile.replacing(part, with: replacement)
        #expect(text != usableFile)
        #expect(said(text) == messages)
    }

    private static func badURL(_ found: String) -> String {
        "g.yaml:12:24: error: agents[0].instances[0].url must be a URL that begins with http:// or https:// and names a host, without a user, "
            + "found \(found)"
    }

    @Test("two issuers may not be the same")
    func duplicateIssuer() {
        let second = "    - { issuer: \"https://idp.example.com\", audiences: [b], jwks: { file: b.json } }\npolicy:"
        let text = usableFile.replacing("policy:", with: second)
        #expect(
            said(text) == [
                "g.yaml:8:17: error: authentication.issuers[1].issuer 'https://idp.example.com' is already used on line 5"
            ])
    }

    @Test("without issuers anonymous callers must be wanted")
    func noIssuers() {
        let rest = "policy: { files: [p] }\nregistration: { allow: [{ agents: [\"*\"], roles: [agent] }] }\n"
        #expect(said(rest) == ["g.yaml:1:1: error: authentication.issuers is required"])
        #expect(
            said("authentication: { issuers: [] }\n" + rest) == [
                "g.yaml:1:28: error: authentication.issuers must name one issuer at least"
            ])
        #expect(
            said("authentication: { anonymous: allow }\n" + rest) == [
                "g.yaml:1:30: warning: authentication.anonymous: callers without a token are let in; the policy alone decides"
            ])
    }

    @Test("a text that is no document is refused with its place")
    func syntax() {
        #expect(said("listen: [\n").count == 1)
        #expect(
            said("listen: {}\nlisten: {}\n") == [
                "g.yaml:1:1: error: key 'listen' is given more than once in one mapping; this is the first"
            ])
        #expect(said("- a\n") == ["g.yaml:1:1: error: the document must be a mapping, found a list"])
        #expect(said("a: 1", file: "g.json") == ["g.json:1:1: error: not valid JSON: 'a' is not a JSON value"])
    }
}
