import GatewayConfiguration
import IntentProtocol
import Testing

@Suite("overrides of the environment")
struct EnvironmentTests {
    @Test("variables override keys that the file has and keys that it lacks")
    func overrides() throws {
        let reading = GatewayConfiguration.read(
            usableFile, file: "/conf/g.yaml",
            environment: [
                "INTENTUSNET_LISTEN_HTTP": "0.0.0.0:80", "INTENTUSNET_ADMIN_HTTP": "[::1]:81",
                "INTENTUSNET_EVENT_LOOPS": "3", "INTENTUSNET_STORE": "memory", "INTENTUSNET_LOG_LEVEL": "INFO",
                "INTENTUSNET_TOKEN_CACHE_ENTRIES": "0", "INTENTUSNET_DRAIN_TIMEOUT_MILLISECONDS": "250",
                "INTENTUSNET_POLICY_FILES": "a.yaml, /b.json", "INTENTUSNET_AUDIT_OUTPUT": "file",
                "INTENTUSNET_AUDIT_FILE": "audit.jsonl",
                "INTENTUSNET_AUDIT_KEY": "a secret of thirty-two bytes or more", "INTENTUSNET_AUDIT_ROTATION_KEEP": "7",
                "INTENTUSNET_ROUTING_ALLOW_PARALLEL": "true",
                "INTENTUSNET_ROUTING_UPSTREAM_CONNECTIONS_PER_INSTANCE_MAX": "7", "INTENTUSNET_ENVELOPE_DEPTH_MAX": "",
                "INTENTUSNET_ENVELOPE_DANGEROUS_KEYS": "everydepth",
            ])
        #expect(reading.diagnostics.isEmpty)
        let read = try #require(reading.configuration)
        #expect(read.listen.http == HostAndPort(host: "0.0.0.0", port: 80))
        #expect(read.admin.http == HostAndPort(host: "::1", port: 81))
        #expect(read.eventLoops == 3)
        #expect(read.log.level == .info)
        #expect(read.authentication.tokenCacheEntries == 0)
        #expect(read.drainTimeoutMilliseconds == 250)
        #expect(read.policy.files == ["/conf/a.yaml", "/b.json"])
        #expect(read.audit.output == .file)
        #expect(read.audit.file == "/conf/audit.jsonl")
        #expect(read.audit.rotation.keep == 7)
        #expect(read.audit.key?.reveal() == "a secret of thirty-two bytes or more")
        #expect(read.routing.allowParallel)
        #expect(read.routing.upstream.connectionsPerInstanceMax == 7)
        #expect(read.envelope.depthMax == 64)
        #expect(read.envelope.dangerousKeys == .everyDepth)
    }

    @Test("a variable can supply what the file must have")
    func supplies() {
        let text = usableFile.replacing("policy: { files: [policy.yaml] }\n", with: "")
        #expect(said(text) == ["g.yaml:1:1: error: policy.files is required"])
        #expect(said(text, environment: ["INTENTUSNET_POLICY_FILES": "p.yaml"]).isEmpty)
    }

    @Test(
        "a bad value is an error that names the variable",
        arguments: [
            ("INTENTUSNET_EVENT_LOOPS", "many", "an integer from 1 to 1024, found 'many'"),
            ("INTENTUSNET_EVENT_LOOPS", "0", "an integer from 1 to 1024, found '0'"),
            ("INTENTUSNET_LISTEN_HTTP", "::1:80", "host:port, with an IPv6 host in brackets, found '::1:80'"),
            (
                "INTENTUSNET_LOG_LEVEL", "wraning",
                "one of trace, debug, info, notice, warning, error, critical, found 'wraning'; did you mean 'warning'?"
            ),
            ("INTENTUSNET_STORE", "redis", "memory or a redis:// or rediss:// URL, found 'redis'"),
            ("INTENTUSNET_ROUTING_ALLOW_PARALLEL", "yes", "true or false, found 'yes'"),
            (
                "INTENTUSNET_POLICY_FILES", ",",
                "1 to 1000 entries separated by commas, each a path of 1 to 4096 bytes, found ','"
            ),
        ])
    func badValues(variable: String, value: String, expectation: String) {
        #expect(said(environment: [variable: value]) == ["error: \(variable) must be \(expectation)"])
    }

    @Test("a bad value in the file stays an error under a good variable")
    func fileIsCheckedToo() {
        let text = usableFile + "eventLoops: 0\n"
        #expect(
            said(text, environment: ["INTENTUSNET_EVENT_LOOPS": "2"]) == [
                "g.yaml:13:13: error: eventLoops must be an integer from 1 to 1024, found the integer 0"
            ])
    }

    @Test("an unknown variable is a warning with the nearest name")
    func unknown() {
        #expect(
            said(environment: [
                "INTENTUSNET_EVENT_LOOP": "2", "INTENTUSNET_LISTEN_HTP": "x", "INTENTUSNET_WHATEVER_ELSE_THERE_IS": "x",
            ]) == [
                "warning: unknown environment variable 'INTENTUSNET_EVENT_LOOP' is ignored; did you mean "
                    + "'INTENTUSNET_EVENT_LOOPS'?",
                "warning: unknown environment variable 'INTENTUSNET_LISTEN_HTP' is ignored; did you mean "
                    + "'INTENTUSNET_LISTEN_HTTP'?",
                "warning: unknown environment variable 'INTENTUSNET_WHATEVER_ELSE_THERE_IS' is ignored",
            ])
    }

    @Test(
        "variables of others are left alone",
        arguments: [
            "INTENTUSNET_TEST_PYTHON", "INTENTUSNET_TOKEN", "INTENTUSNET_EMCL_KEY", "INTENTUSNET_MODE",
            "INTENTUSNET_ENCRYPTION_KEY", "INTENTUSNET_MAX_WORKER_THREADS", "INTENTUSNET_SERVICE_HOST",
            "INTENTUSNET_SERVICE_PORT", "INTENTUSNET_SERVICE_PORT_HTTP", "INTENTUSNET_PORT", "INTENTUSNET_PORT_80_TCP",
            "INTENTUSNET_GATEWAY_PORT_8080_TCP_ADDR", "OTHER", "INTENTUSNETX",
        ])
    func foreign(variable: String) {
        #expect(said(environment: [variable: "x"]).isEmpty)
    }
}
