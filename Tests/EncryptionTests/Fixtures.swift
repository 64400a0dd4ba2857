import Crypto
import IntentProtocol
import Testing

@testable import Encryption

/// Keys, contexts and a generator that gives the same bits each time.
enum Fixture {
    static let now: Int64 = 1_767_225_600_000

    static func key(
        _ id: String = "2026-01-a", byte: UInt8 = 7, profile: EMCLProfile = .v2,
        uses: Set<KeyUse> = [.clients, .workers],
        activeFrom: Int64 = 0, opensUntil: Int64? = nil
    ) throws -> RingKey {
        let bytes = try #require(KeyBytes([UInt8](repeating: byte, count: 32)))
        return try #require(
            RingKey(
                id: id, bytes: bytes, profile: profile, uses: uses, activeFromMilliseconds: activeFrom,
                opensUntilMilliseconds: opensUntil))
    }

    static let request = EMCLContext(
        .request, caller: "user:alice", tenant: "acme", intent: "SummarizeIntent", intentVersion: "1.0",
        requestId: "r-1")
    static let call = EMCLContext(
        .call, caller: "user:alice", tenant: "acme", audience: "summarizer", intent: "SummarizeIntent",
        intentVersion: "1.0", requestId: "r-1")
    static let fromAlice = EMCLExpectation.request(caller: request.caller, tenant: request.tenant)
    static let toSummarizer = EMCLExpectation.call(audience: call.audience)
    static let plaintext = Array(#"{"version":"1.0"}"#.utf8)

    static func frame(_ bytes: [UInt8]) throws -> SealedFrame {
        try #require(try SealedFrame.read(bytes, bytesMax: 1 << 20))
    }
}

extension MemoryWriter {
    /// A body with its braces, or nothing when it was not written.
    static func body(bytesMax: Int, _ write: (inout MemoryWriter) -> Bool) -> [UInt8] {
        [UInt8](bytesMax: bytesMax + 2) { memory in
            var writer = MemoryWriter(memory)
            writer.append(UInt8(ascii: "{"))
            let isWritten = write(&writer)
            writer.append(UInt8(ascii: "}"))
            return isWritten ? writer.count : 0
        }
    }
}

/// Random bits that every run draws alike.
final class Bits {
    private var state: UInt64

    init(_ seed: UInt64 = 1) {
        state = seed
    }

    func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }
}

extension KeyRing {
    func sealed(_ context: EMCLContext, profile: EMCLProfile = .v2, at now: Int64 = Fixture.now, bits: Bits = Bits())
        throws
        -> SealedMessage
    {
        try seal(Fixture.plaintext, context, profile: profile, nowUnixMilliseconds: now, randomBits: bits.next)
    }

    /// The reason of a refusal; nil when it opens.
    func refusal(
        _ frame: SealedFrame, as expectation: EMCLExpectation = Fixture.fromAlice, rules: EMCLRules = EMCLRules(),
        at now: Int64 = Fixture.now
    ) -> EMCLFailure.Reason? {
        do throws(EMCLFailure) {
            _ = try open(frame, as: expectation, under: rules, nowUnixMilliseconds: now)
            return nil
        } catch {
            return error.reason
        }
    }
}
