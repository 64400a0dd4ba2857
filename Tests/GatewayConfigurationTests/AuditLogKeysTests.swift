import GatewayConfiguration
import Testing

@Suite("the audit log's configuration")
struct AuditLogKeysTests {
    private static let unkeyed =
        "warning: audit has no key: whoever can write to the log can also make it consistent again; set audit.keyFile"

    private func says(_ audit: String) -> [String] { said(usableFile + "audit: { \(audit) }\n") }

    @Test("each output goes with its own place, and with no other")
    func places() {
        #expect(
            says("output: file, keyFile: k") == [
                "g.yaml:13:18: error: audit.file is required, because audit.output is file"
            ])
        #expect(says("output: none").isEmpty)
        #expect(says("mode: block").isEmpty)
        #expect(says("output: file, file: a, keyFile: k").isEmpty)
        #expect(says("output: file, file: a") == ["g.yaml:13:18: " + Self.unkeyed])
        #expect(says("file: a") == ["g.yaml:13:16: error: audit.file is set, but audit.output is stdout"])
        #expect(
            says("output: syslog, keyFile: k") == [
                "g.yaml:13:18: error: audit.syslog is required, because audit.output is syslog"
            ])
        #expect(says("output: syslog, keyFile: k, syslog: {}").isEmpty)
        #expect(says("syslog: {}") == ["g.yaml:13:18: error: audit.syslog is set, but audit.output is stdout"])
    }

    @Test("a mode that an output cannot keep is refused")
    func modes() {
        #expect(
            says("output: none, mode: block") == [
                "g.yaml:13:30: error: audit.mode is block, but audit.output none keeps no records"
            ])
        #expect(
            says("output: syslog, mode: block, keyFile: k, syslog: { address: \"udp://[::1]:514\" }") == [
                "g.yaml:13:32: error: audit.mode is block, but udp://[::1]:514 loses messages without a word: use tcp:// or a Unix socket"
            ])
        #expect(says("output: syslog, mode: block, keyFile: k, syslog: { address: \"tcp://log:601\" }").isEmpty)
    }

    @Test("keys are long, given once, and better not in the file")
    func keys() {
        #expect(says("keyFile: k, key: \"01234567890123456789012345678901\"").contains { $0.hasSuffix("not both") })
        #expect(says("key: short").contains { $0.hasSuffix("error: audit.key must have at least 32 bytes") })
        #expect(
            says("key: \"01234567890123456789012345678901\"") == [
                "g.yaml:13:15: warning: audit.key holds a secret in plain text; use audit.keyFile or INTENTUSNET_AUDIT_KEY"
            ])
    }

    @Test(
        "an address, a name or a size that cannot be meant is refused",
        arguments: [
            "output: syslog, syslog: { address: \"log:514\" }", "output: syslog, syslog: { address: \"tcp://log\" }",
            "output: syslog, syslog: { address: \"unix:log\" }", "output: syslog, syslog: { address: \"udp://h:0\" }",
            "output: syslog, syslog: { facility: kern }", "node: \"a b\"", "node: \"a\\\"b\"", "node: \"\"",
            "output: file, file: a, rotation: { bytesMax: 1000 }", "rotation: { keep: 0 }", "bufferBytesMax: 5",
            "mode: maybe", "checkpointSeconds: -1",
        ])
    func refused(audit: String) {
        #expect(says(audit).contains { $0.contains(": error: ") }, "\(says(audit))")
    }
}
