import Foundation
import Testing

/// A configuration of libcrypto that leaves it without AES is found out when the gateway starts, not by the messages it would refuse.
@Suite("The gateway with a libcrypto that lacks AES-256-GCM")
struct BrokenLibcryptoTests {
    private static let withoutProviders = """
        openssl_conf = start
        [start]
        providers = providers
        [providers]
        null = none
        [none]
        activate = 1
        """

    @Test("does not start where it has keys, and says where to look; keys make no ring either")
    func start() async throws {
        let folder = try await CommandTests.folder(
            configuration: CommandTests.configuration + "\nemcl: { keyRingFile: ring.json }\n")
        defer { folder.remove() }
        let ring = folder.path("ring.json")
        let made = try await CommandTests.run("emcl", "keygen", "--output", ring)
        #expect(made.code == 0, "\(made.text)")
        #expect(try await CommandTests.run("check", "--config", folder.path("gateway.yaml")).code == 0)
        try folder.write(Self.withoutProviders, to: "openssl.cnf")
        for words in [
            ["gateway", "--config", folder.path("gateway.yaml")], ["check", "--config", folder.path("gateway.yaml")],
            ["emcl", "keygen"],
        ] {
            let (code, text) = try await ChildProcess.run(
                ChildProcess.intentusnet, words, environment: ["OPENSSL_CONF": folder.path("openssl.cnf")])
            #expect(code == 1, "\(words): \(text)")
            #expect(text.contains("libcrypto cannot do AES-256-GCM here: check the providers"), "\(words): \(text)")
            #expect(words[0] == "emcl" || text.contains("ring.json"), "\(words): \(text)")
        }
    }
}
