import Routing
import Testing

@Suite("Instance address")
struct InstanceURLTests {
    @Test(
        "is read as host, port and path",
        arguments: [
            ("http://127.0.0.1:9001/execute-agent", "127.0.0.1", 9001, "/execute-agent", "127.0.0.1:9001"),
            ("HTTP://Worker-1.Default.svc", "worker-1.default.svc", 80, "/", "worker-1.default.svc"),
            ("http://my_worker:8080/", "my_worker", 8080, "/", "my_worker:8080"),
            ("http://[FD00::1]:8080/a/b", "fd00::1", 8080, "/a/b", "[fd00::1]:8080"),
            ("http://[::ffff:10.0.0.1]/", "::ffff:10.0.0.1", 80, "/", "[::ffff:10.0.0.1]"),
            ("https://h/a", "h", 443, "/a", "h"), ("HTTPS://h:80/", "h", 80, "/", "h:80"),
            ("https://h:443/", "h", 443, "/", "h"), ("http://h:443/", "h", 443, "/", "h:443"),
            ("http://h/a/", "h", 80, "/a/", "h"), ("http://h/.well-known/~x", "h", 80, "/.well-known/~x", "h"),
        ])
    func reads(text: String, host: String, port: Int, path: String, hostHeader: String) throws {
        let url = try InstanceURL(parsing: text)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.path == path)
        #expect(url.hostHeader == hostHeader)
        #expect(try InstanceURL(parsing: url.text) == url)
        #expect(url.isTLS == text.lowercased().hasPrefix("https://"))
    }

    @Test(
        "S14 S30: refuses what two parsers could read differently",
        arguments: [
            "", "http://", "http:///x", "https:///x", "https:/h/", "httpss://h/", "ftp://h/", "//h/", "h:80", "http:/h",
            "http://u@h/",
            "http://u:p@h/",
            "http://h/#f", "http://h/?q=1", "http://h?q", "http://h#f", "http://h/a b", "http://h/%2e%2e/x",
            "http://h/a%00",
            "http://h/\r\nX: y", "http://h\r\n/", "http://h/..", "http://h/../x", "http://h/./x", "http://h//x",
            "http://h/x//",
            "http://h/a;b", "http://h/\\x", "http://h\\@evil/", "http://h/é", "http://é/", "http://h:0/",
            "http://h:65536/",
            "http://h:/", "http://h:080/", "http://h:+80/", "http://h:80:80/", "http://h:99999999999999999999/",
            "http://-h/",
            "http://h-/", "http://.h/", "http://h..x/", "http://h./", "http://2130706433/", "http://127.1/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/", "http://1.2.3.4.5/", "http://1.2.3.256/", "http://1.2.3.04/", "http://[::1/",
            "http://[::1]x/",
            "http://[1::2::3]/", "http://[:::]/", "http://[1:2:3:4:5:6:7]/", "http://[1:2:3:4:5:6:7:8:9]/",
            "http://[fe80::1%eth0]/",
            "http://[::1.2.3]/", "http://[12345::]/", "http://[]/",
        ])
    func refuses(text: String) {
        #expect(throws: InstanceURLError.self) { try InstanceURL(parsing: text) }
    }

    @Test(
        "S30: metadata services and link-local addresses are refused unless allowed, in every spelling",
        arguments: [
            "http://169.254.169.254/", "http://169.254.0.1:80/x", "http://[fe80::1]/", "http://[febf::1]/",
            "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/", "http://[64:ff9b::169.254.169.254]/",
            "http://[::a9fe:a9fe]/", "http://[fd00:ec2::254]/", "http://metadata.google.internal/",
            "http://METADATA.google.internal/", "http://100.100.100.200/", "http://168.63.129.16/",
        ])
    func linkLocal(text: String) throws {
        #expect(throws: InstanceURLError.self) { try InstanceURL(parsing: text) }
        _ = try InstanceURL(parsing: text, rules: InstanceAddressRules(allowsLinkLocal: true))
    }

    @Test(
        "addresses of no single host are refused always",
        arguments: [
            "http://0.0.0.0/", "http://0.1.2.3/", "http://255.255.255.255/", "http://224.0.0.1/", "http://[::]/",
            "http://[ff02::1]/",
            "http://[::ffff:0.0.0.0]/",
        ])
    func noHost(text: String) {
        let rules = InstanceAddressRules(allowsLinkLocal: true)
        #expect(throws: InstanceURLError.self) { try InstanceURL(parsing: text, rules: rules) }
    }

    @Test("a resolved address can be asked about, too")
    func resolved() {
        let rules = InstanceAddressRules()
        #expect(rules.refusal(packedAddress: [169, 254, 169, 254]) != nil)
        #expect(rules.refusal(packedAddress: [10, 0, 0, 1]) == nil)
        #expect(rules.refusal(packedAddress: Array(repeating: 0, count: 15) + [1]) == nil)
    }
}
