import ArgumentParser
import DevelopmentIssuer
import Foundation
import Logging
import Observability

/// `intentusnet token …`: tokens for development; a production issuer is never ours.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Development tokens: mint one, print the JWKS, or serve both on loopback.",
        subcommands: [Mint.self, KeySet.self, Serve.self])

    /// Where the key lies and how it is called.
    struct KeyOptions: ParsableArguments {
        @Option(help: "The RSA private key in PEM form; made when it is not there.")
        var key = ".intentusnet/development-key.pem"

        @Option(help: "The key's name in the JWKS and in tokens.")
        var keyId = "development"

        func load() throws -> DevelopmentKey {
            try DevelopmentKey.loadOrCreate(path: key, keyId: keyId)
        }
    }

    /// Who issues, and for whom.
    struct IssuerOptions: ParsableArguments {
        @Option(help: "The `iss` claim.")
        var issuer = "http://127.0.0.1:9400"

        @Option(help: "The `aud` claim.")
        var audience = "intentusnet"
    }

    /// `intentusnet token mint`
    struct Mint: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a signed token.")

        @OptionGroup var keyOptions: KeyOptions
        @OptionGroup var issuerOptions: IssuerOptions

        @Option(help: "The `sub` claim.")
        var subject = "alice"

        @Option(name: .customLong("role"), help: "A role; give it several times for several.")
        var roles: [String] = ["user"]

        @Option(help: "The `tenant` claim.")
        var tenant: String?

        @Option(help: "Seconds until the token expires.")
        var lifetimeSeconds = 3600

        func run() throws {
            let claims = DevelopmentClaims(
                issuer: issuerOptions.issuer, audience: issuerOptions.audience, subject: subject, roles: roles,
                tenant: tenant, lifetimeSeconds: lifetimeSeconds)
            print(try keyOptions.load().sign(claims))
        }
    }

    /// `intentusnet token jwks`
    struct KeySet: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "jwks", abstract: "Print the public keys as a JWKS document.")

        @OptionGroup var keyOptions: KeyOptions

        func run() throws {
            print(try keyOptions.load().jwks())
        }
    }

    /// `intentusnet token serve`
    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Serve GET /jwks.json and POST /token on loopback, with a key that dies with the process.")

        @OptionGroup var issuerOptions: IssuerOptions

        @Option(help: "The loopback address to listen on.")
        var host = "127.0.0.1"

        @Option(help: "The port; 0 takes a free one.")
        var port = 9400

        func run() async throws {
            let server = try DevelopmentIssuerServer(
                key: DevelopmentKey(keyId: "development"), issuer: issuerOptions.issuer,
                audience: issuerOptions.audience, host: host, port: port)
            let logger = Logger(label: "issuer") { LogFormat.text.handler(label: $0, level: .notice) }
            let host = host
            try await server.run(logger: logger) { port in
                print("development issuer on http://\(host):\(port) (GET /jwks.json, POST /token)")
            }
        }
    }
}
