import DevelopmentIssuer
import Foundation
import LoadGenerator

/// Makes the tokens of a caller by a development issuer's key.
struct TokenMint {
    private let mint: ScenarioMint
    private let keyFile: String

    init(_ mint: ScenarioMint, keyFile: String) {
        self.mint = mint
        self.keyFile = keyFile
    }

    func tokens() throws -> [String] {
        // A key that is made here would sign tokens that no gateway believes.
        guard FileManager.default.isReadableFile(atPath: keyFile) else {
            throw LoadFault("mint.keyFile '\(keyFile)' cannot be read: make it by intentusnet token mint --key")
        }
        let key = try DevelopmentKey.loadOrCreate(path: keyFile, keyId: mint.keyId ?? "development")
        return try (1...mint.count).map { number in
            try key.sign(
                DevelopmentClaims(
                    issuer: mint.issuer ?? "http://127.0.0.1:9400", audience: mint.audience ?? "intentusnet",
                    subject: mint.subject ?? "load", roles: mint.roles,
                    tenant: mint.tenant?.replacing("#", with: "\(number)"), lifetimeSeconds: Self.lifetimeSeconds))
        }
    }

    /// As long as a gateway takes by default.
    private static let lifetimeSeconds = 86_400
}
