import Foundation
import Testing

@testable import Identity

/// PyJWT and joserfc as issuers that share no code with this gateway.
@Suite("Tokens of Python's libraries")
struct PythonIssuerTests {
    private struct Document: Decodable {
        let jwks: String
        let token: String
        let wrong: [String: String]
    }

    @Test("every algorithm, good and bad claims", arguments: ["pyjwt", "joserfc"], SignatureAlgorithm.allCases)
    func tokens(_ library: String, _ algorithm: SignatureAlgorithm) async throws {
        let issued = try await issue(library, algorithm)
        let issuer = TestIssuer.of(algorithm)
        let verifier = TokenVerifier(issuers: [issuer.policy], cacheEntries: 0)
        verifier.replaceKeys(issuer: 0, with: try KeySet(parsingJWKS: Array(issued.jwks.utf8)))
        let token = Array(issued.token.utf8)
        let verified = try #require(verifier.verified(token), "\(String(describing: verifier.refusal(token)))")
        #expect(verified.subject == "alice")
        #expect(verified.roles == ["operator"])
        #expect(verified.tenant == "acme")
        func refusal(_ name: String) -> TokenRefusal? { verifier.refusal(Array((issued.wrong[name] ?? "").utf8)) }
        #expect(refusal("expired") == .expired)
        #expect(refusal("audience") == .wrongAudience)
        #expect(refusal("no_exp") == .missingClaim("exp"))
        #expect(refusal("no_aud") == .missingClaim("aud"))
        #expect(refusal("no_sub") == .missingClaim("sub"))
    }

    private func issue(_ library: String, _ algorithm: SignatureAlgorithm) async throws -> Document {
        let python = ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? "python3"
        let output = Pipe()
        let errors = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [python, "-c", PythonIssuer.program, library, algorithm.rawValue, "\(TestIssuer.now)"]
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let document = try output.fileHandleForReading.readToEnd() ?? Data()
        let problem = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        try #require(
            process.terminationStatus == 0,
            "\(python) could not issue tokens with \(library); `make test` installs what it needs: \(problem.suffix(300))"
        )
        return try JSONDecoder().decode(Document.self, from: document)
    }
}
