import Testing

@testable import KeySources

@Suite("Addresses of key sets")
struct KeySetURLTests {
    @Test(
        "https is accepted anywhere",
        arguments: [
            "https://idp.example.com/jwks", "https://idp.example.com:8443/a/b?c=d", "HTTPS://IDP.EXAMPLE.COM/",
            "https://10.0.0.5/jwks",
            "https://[2001:db8::1]/jwks", "https://localhost/jwks", "https://8.8.8.8",
        ])
    func secure(_ text: String) throws {
        #expect(try KeySetURL(text).isSecure)
    }

    @Test(
        "http is accepted for this machine only",
        arguments: [
            "http://localhost:8080/jwks", "http://127.0.0.1/jwks", "http://127.9.9.9/jwks", "http://[::1]:80/jwks",
            "http://LOCALHOST/",
            "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://127.1/",
        ])
    func loopback(_ text: String) throws {
        #expect(try KeySetURL(text).namesLoopback)
    }

    @Test(
        "S9 http to anywhere else needs the operator's word",
        arguments: [
            "http://idp.example.com/jwks", "http://10.0.0.5/jwks", "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example/",
            "http://[2001:db8::1]/", "http://1.127.0.0/",
        ])
    func insecure(_ text: String) throws {
        #expect(throws: KeySetURL.Fault.self) { try KeySetURL(text) }
        #expect(try !KeySetURL(text, allowInsecure: true).isSecure)
    }

    @Test(
        "S9 link-local and metadata addresses are refused in every spelling",
        arguments: [
            "169.254.169.254", "169.254.0.1", "2852039166", "0xA9FEA9FE", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376",
            "169.254.43518",
            "169.16689662", "169.254.169.254.", "[fe80::1]", "[febf::1]", "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]",
            "[64:ff9b::169.254.169.254]", "[::169.254.169.254]", "[fd00:ec2::254]", "100.100.100.200", "0.0.0.0", "0",
            "[::]", "224.0.0.1",
            "255.255.255.255", "[ff02::1]", "0251.254.169.254",
        ])
    func forbidden(_ host: String) {
        for scheme in ["https", "http"] {
            #expect(throws: KeySetURL.Fault.self, "\(host)") {
                try KeySetURL("\(scheme)://\(host)/x", allowInsecure: true)
            }
        }
    }

    @Test(
        "S9 addresses that parsers could read in two ways are refused",
        arguments: [
            "", "jwks.json", "file:///etc/passwd", "ftp://a.example/", "https://", "https:///jwks",
            "https://user@idp.example.com/",
            "https://user:secret@idp.example.com/", "https://idp.example.com\\@evil.example/",
            "https://idp.example.com/#x",
            "https://idp.example.com/ x", "https://idp.example.com/\n", "https://ídp.example.com/",
            "https://[fe80::1%25eth0]/",
            "https://idp%2eexample.com/", "javascript:alert(1)", "unix:/run/x", "https://a.example\u{0}/",
        ])
    func ambiguous(_ text: String) {
        #expect(throws: KeySetURL.Fault.self) { try KeySetURL(text, allowInsecure: true) }
    }
}
