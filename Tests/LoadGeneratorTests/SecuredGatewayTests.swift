import Foundation
import IdentityFixtures
import LoadGenerator
import Testing

/// The command before a gateway that takes nothing but mutual TLS and sealed envelopes.
@Suite("The command through a secured gateway", .serialized)
struct SecuredGatewayTests {
    private let gateway: SecuredGateway

    init() throws { gateway = try SecuredGateway() }

    private func outcomes(_ ended: LoadProcess) throws -> [String: Int] {
        Dictionary(uniqueKeysWithValues: try ended.result.outcomes.map { ($0.name, $0.count) })
    }

    @Test("its certificate and its seals are taken, and each result opens")
    func taken() async throws {
        let ended = try await LoadProcess.run(try gateway.words(ring: "ring.json"), in: gateway.folder)
        #expect(ended.code == 0, "\(ended.output)")
        #expect(try outcomes(ended) == ["200": 200])
    }

    @Test("seals of another key are refused one by one, counted by their outcome, and fail the run")
    func otherKey() async throws {
        let ended = try await LoadProcess.run(try gateway.words(ring: "other.json"), in: gateway.folder)
        #expect(ended.code == 1, "\(ended.output)")
        #expect(try outcomes(ended) == ["400 EMCL_FAILURE": 200])
        #expect(try ended.result.total.refused == 200 && ended.result.total.ok == 0)
        #expect(ended.output.contains("FAILED errors>0%: errors: 100.000 %"), "\(ended.output)")
    }

    @Test("envelopes in clear are refused, and fail the run")
    func clear() async throws {
        let ended = try await LoadProcess.run(try gateway.words(ring: nil), in: gateway.folder)
        #expect(ended.code == 1, "\(ended.output)")
        #expect(try outcomes(ended) == ["400 EMCL_FAILURE": 200])
    }

    @Test("a certificate that another authority vouches for reaches nothing, and fails the run")
    func otherAuthority() async throws {
        let other = try IssuedFiles()
        defer { withExtendedLifetime(other) {} }
        let words = try gateway.words(ring: "ring.json", from: other)
        let ended = try await LoadProcess.run(words, in: gateway.folder)
        #expect(ended.code == 1, "\(ended.output)")
        #expect(try ended.result.total.lost == 200 && ended.result.total.answered == 0)
    }
}
