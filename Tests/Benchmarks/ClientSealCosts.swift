import DevelopmentIssuer
import Encryption
import Foundation
import IntentProtocol
import IntentusClient
import Machine

/// What sealing costs a client for one request: from the draft to the frame, and from the sealed answer to what is in it.
enum ClientSealCosts {
    /// - Parameters:
    ///   - draft: what the client sends.
    ///   - response: an agent's answer without its frame.
    static func measure(_ draft: EnvelopeDraft, response: [UInt8]) throws -> [Measurement] {
        let path = FileManager.default.temporaryDirectory.appending(path: "ring-\(UUID().uuidString).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let key = String(repeating: "5a", count: 32)
        try #"{"keys": [{"id": "bench", "key": "\#(key)"}]}"#.write(toFile: path, atomically: true, encoding: .utf8)
        let keys = try EnvelopeKeys(file: path)
        let token = try DevelopmentKey(keyId: "bench").sign(
            DevelopmentClaims(
                issuer: "https://idp.example.com", audience: "intentusnet", subject: "user-1", roles: ["user"],
                tenant: "acme", lifetimeSeconds: 3_600))
        let sealer = EnvelopeSealer(EnvelopeSealing(keys: keys))
        let now = MachineClock.unixMilliseconds()
        func seal(_ token: String) -> SealedExchange {
            guard let exchange = try? sealer.seal(draft, token: token, unixMilliseconds: now) else { exit(2) }
            return exchange
        }
        let exchange = seal(token)
        // More than are remembered, one after the other: each is forgotten when it comes again.
        let strangers = (0..<1_000).map { "\(token)\($0)" }
        var place = 0
        let answer = GatewayAnswer(status: 200, body: try sealed(response, to: exchange, keys.current, now))
        return [
            Measurement("a client writes a draft in clear") { draft.encodedFrame().count },
            Measurement("a client seals it by a token that it knows", atMost: 5_000) {
                seal(token).frame.count
            },
            Measurement("the same, by a token that it does not know") {
                place = (place + 1) % strangers.count
                return seal(strangers[place]).frame.count
            },
            Measurement("it opens the answer", atMost: 5_000) {
                guard let opened = try? exchange.open(answer, unixMilliseconds: now) else { exit(2) }
                return opened.body.count
            },
        ]
    }

    /// The answer as a gateway seals it.
    private static func sealed(
        _ response: [UInt8], to exchange: SealedExchange, _ ring: KeyRing, _ now: Int64
    ) throws -> [UInt8] {
        guard let frame = try SealedFrame.read(exchange.frame, bytesMax: 1 << 20) else { exit(2) }
        let opened = try ring.open(
            frame, as: EMCLExpectation(statedBy: frame), under: EMCLRules(), nowUnixMilliseconds: now)
        guard let context = opened.context?.answer(to: opened.nonce) else { exit(2) }
        let random = RandomBytes()
        return try ring.seal(response, context, nowUnixMilliseconds: now, randomBits: random.next).frame
    }
}
