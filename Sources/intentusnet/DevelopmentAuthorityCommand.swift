import ArgumentParser
import Crypto
import DevelopmentAuthority
import Foundation
import IntentProtocol

/// `intentusnet dev-ca`: certificates for development; a production authority is never ours.
struct DevelopmentAuthorityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev-ca", abstract: "Make a small authority and SPIFFE certificates, for development only.",
        discussion: """
            Makes DIR/ca.pem and DIR/ca.key, and for each identity DIR/NAMESPACE/SERVICE-ACCOUNT.pem and .key. The same command
            again keeps the authority and the keys and renews the certificates: run it before they end.
            """)

    @Option(help: "The folder of the authority.")
    var folder = ".intentusnet/dev-ca"

    @Option(help: "The trust domain: certificates name spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT.")
    var trustDomain = "cluster.local"

    @Option(help: "Hours until a certificate ends, 1 to 720.")
    var lifetimeHours: Int64 = 24

    @Option(help: "Days until a new authority ends, 1 to 365.")
    var authorityDays: Int64 = 30

    @Flag(help: "Make a new authority and new keys in the place of whatever is there.")
    var force = false

    @Argument(help: "NAMESPACE/SERVICE-ACCOUNT[=HOST,HOST…]; hosts for servers that are called by DNS name or address.")
    var identities: [String] = []

    func validate() throws {
        guard TrustDomain(trustDomain) != nil else {
            throw ValidationError(
                "--trust-domain must be 1 to \(TrustDomain.bytesMax) characters of a-z 0-9 . - _, such as cluster.local"
            )
        }
        guard (1...720).contains(lifetimeHours) else { throw ValidationError("--lifetime-hours must be 1 to 720") }
        guard (1...365).contains(authorityDays) else { throw ValidationError("--authority-days must be 1 to 365") }
    }

    func run() throws {
        guard let domain = TrustDomain(trustDomain) else { return }
        // All are read before the first is made: a slip in the last one leaves nothing behind.
        let names = try identities.map { identity throws(AuthorityFault) in try LeafName(identity) }
        let authority = try AuthorityFolder(
            folder, trustDomain: domain, lifetimeSeconds: authorityDays * 86_400, isReplacing: force, .system)
        print("\(authority.certificateFile)  \(Self.end(authority.authority.notAfterSeconds))")
        for name in names {
            let issued = try authority.issue(name, lifetimeSeconds: lifetimeHours * 3_600)
            print("\(issued.certificateFile)  \(Self.end(issued.notAfterSeconds))  \(issued.id)")
        }
        let warning = """
            FOR DEVELOPMENT ONLY. Whoever can read '\(authority.keyFile)' can be every service of \(domain): never trust \
            '\(authority.certificateFile)' outside this machine, never commit either.

            """
        FileHandle.standardError.write(Data(warning.utf8))
    }

    private static func end(_ unixSeconds: Int64) -> String {
        "until " + Date(timeIntervalSince1970: Double(unixSeconds)).formatted(.iso8601)
    }
}

extension AuthoritySurroundings {
    fileprivate static var system: AuthoritySurroundings {
        AuthoritySurroundings(
            unixSeconds: { Int64(Date().timeIntervalSince1970) }, newKey: { P256.Signing.PrivateKey() },
            newSerial: {
                var generator = SystemRandomNumberGenerator()
                return (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
            })
    }
}
