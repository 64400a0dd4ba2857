import Testing

@testable import RedisState

@Suite("S24 releases of Redis")
struct RedisVersionTests {
    @Test(
        "releases before the mended one of their line are vulnerable, and so are lines that have none",
        arguments: [
            ("5.0.14", true), ("6.0.20", true), ("6.2.19", true), ("6.2.20", false), ("7.0.15", true), ("7.2.10", true),
            ("7.2.11", false), ("7.4.5", true), ("7.4.6", false), ("8.0.3", true), ("8.0.4", false), ("8.2.1", true),
            ("8.2.2", false), ("8.4.0", false), ("9.0.0", false),
        ])
    func lines(version: String, isVulnerable: Bool) {
        #expect(RedisVersion(version[...])?.isVulnerable == isVulnerable)
    }

    @Test(
        "what is no release is none", arguments: ["", "7", "7.0", "7.0.x", "7.0.15-rc1", "-7.0.1", "255.255.255.255"])
    func rubbish(text: String) {
        #expect(RedisVersion(text[...]) == nil)
    }
}
