import GatewayConfiguration
import Testing

@Suite("host and port")
struct HostAndPortTests {
    @Test(
        "reads",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8080), ("localhost:0", "localhost", 0), ("[::1]:65535", "::1", 65_535),
            ("[::ffff:1.2.3.4]:1", "::ffff:1.2.3.4", 1), ("my-host_1.example:80", "my-host_1.example", 80),
        ])
    func reads(text: String, host: String, port: Int) throws {
        let address = try #require(HostAndPort(text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.description == text)
    }

    @Test(
        "refuses",
        arguments: [
            "", ":", "8080", ":8080", "host", "host:", "host:x", "host:-1", "host:+1", "host:65536", "host:000080",
            "::1:80",
            "[::1]", "[::1]80", "[host]:80", "[]:80", "ho st:80", "host/:80", "a@b:80", "*:80", "[::1:80",
            "[::1%eth0]:80",
            "hést:80", "host:8０",
        ])
    func refuses(text: String) {
        #expect(HostAndPort(text) == nil)
    }
}
