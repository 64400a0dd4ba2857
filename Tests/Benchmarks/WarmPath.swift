import DevelopmentIssuer
import Documents
import Foundation
import Identity
import IntentPolicy
import IntentProtocol
import Observability
import RateLimiting
import Routing

/// `make microbench`: the parts of the warm path, each alone; exit code 1 when one costs more than it may.
///
/// With the argument `redis`: admission through a real Redis, and the agents that others registered, instead.
@main
enum WarmPath {
    static func main() async throws {
        if CommandLine.arguments.dropFirst().first == "redis" {
            let isKept = try await SharedLimits.run()
            guard try await SharedAgents.run(), isKept else { exit(1) }
            return
        }
        var measurements = try envelope() + SealCosts.measure(body, response: response) + tokens() + decisions()
        measurements += try ClientSealCosts.measure(draft, response: response)
        measurements += AuthorizationCosts.measure() + AuditCosts.measure() + ReplayCosts.measure() + metrics()
        measurements += try await WholeRequest.measure(body: body, answer: answer)
        print("operation                                           least ns   median ns   bound ns")
        for measurement in measurements {
            let bound = measurement.nanosecondsMax.map { String(format: "%10.0f", $0) } ?? "         -"
            print(
                measurement.name.padding(toLength: 50, withPad: " ", startingAt: 0),
                String(format: "%9.0f %11.0f", measurement.least, measurement.median), bound,
                measurement.isWithinBound ? "" : "  TOO DEAR")
        }
        guard measurements.allSatisfy(\.isWithinBound) else { exit(1) }
    }

    /// An envelope of 640 bytes, as a service sends it.
    private static let draft: EnvelopeDraft = {
        var draft = EnvelopeDraft(
            intentName: "SummarizeIntent",
            payload: JSONText(
                [
                    "text": .string(String(repeating: "a word of the text that is to be made shorter, ", count: 3)),
                    "maxWords": 20, "lang": "en",
                ] as JSONValue), requestId: "0f3f5c1e-8f5b-4c53-9d0e-2a3c5d1f7b60", timestamp: "2026-01-01T00:00:00Z",
            traceId: "4bf92f3577b34da6a3ce929d0e0e4736")
        draft.tags = ["bench"]
        return draft
    }()

    private static let body = draft.encodedBare()

    /// An agent's answer, and the frame around it.
    private static let response = Array(
        """
        {"version":"1.0","status":"success","payload":{"summary":"short"},\
        "metadata":{"agent":"summarizer","traceId":"4bf92f3577b34da6a3ce929d0e0e4736"},"error":null}
        """.utf8)

    private static let answer =
        Array(#"{"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":"#.utf8) + response
        + Array("}".utf8)

    private static func envelope() throws -> [Measurement] {
        let incoming = try IncomingIntent(parsing: body)
        let reply = AgentReply(parsing: answer, httpStatus: 200)
        let (user, service) = (Array("user:alice".utf8), Array("service:api-gateway".utf8))
        let traceId = Array("4bf92f3577b34da6a3ce929d0e0e4736".utf8)
        return [
            Measurement("read an envelope of \(body.count) bytes", atMost: 2_500) {
                (try? IncomingIntent(parsing: body))?.byteCount ?? 0
            },
            Measurement("write the frame for the worker") {
                var frame: [UInt8] = []
                incoming.envelope.appendFrame(to: &frame, callerEntries: user, serviceEntry: service, traceId: traceId)
                return frame.count
            },
            Measurement("read a worker's answer of \(answer.count) bytes") {
                AgentReply(parsing: answer, httpStatus: 200).bodyBytes
            },
            Measurement("write the answer for the caller") {
                var bytes: [UInt8] = []
                reply.append(to: &bytes, shape: .bare, traceId: traceId)
                return bytes.count
            },
        ]
    }

    private static func tokens() throws -> [Measurement] {
        let key = try DevelopmentKey(keyId: "bench")
        let policy = IssuerPolicy(issuer: "https://idp.example.com", audiences: ["intentusnet"])
        let tokens = try (0..<200).map { index in
            Array(
                try key.sign(
                    DevelopmentClaims(
                        issuer: policy.issuer, audience: "intentusnet", subject: "user-\(index)", roles: ["user"],
                        tenant: "acme", lifetimeSeconds: 3_600)
                ).utf8)[...]
        }
        let keys = try KeySet(parsingJWKS: Array(key.jwks().utf8))
        let now = Int64(Date().timeIntervalSince1970)
        let cold = TokenVerifier(issuers: [policy], cacheEntries: 0)
        let warm = TokenVerifier(issuers: [policy], cacheEntries: 1_000)
        cold.replaceKeys(issuer: 0, with: keys)
        warm.replaceKeys(issuer: 0, with: keys)
        func verify(_ verifier: TokenVerifier, _ token: ArraySlice<UInt8>) -> Int {
            guard case .verified(let verified) = verifier.verify(token, nowSeconds: now) else { exit(2) }
            return verified.subject.utf8.count
        }
        var next = 0
        return [
            Measurement("verify a new RS256 token", atMost: 20_000, batch: 200) {
                next = (next + 1) % tokens.count
                return verify(cold, tokens[next])
            },
            Measurement("verify a token seen before") { verify(warm, tokens[0]) },
        ]
    }

    private static func metrics() -> [Measurement] {
        let meter = RequestMeter()
        var latency: Int64 = 100_000
        return [
            Measurement("count a request, in coarse and fine buckets", atMost: 250) {
                latency = (latency &* 31) % 900_000_000
                meter.record(
                    intent: "SummarizeIntent", agent: "summarizer", outcome: RequestOutcome.success,
                    latencyNanoseconds: latency)
                return 1
            }
        ]
    }

    private static func decisions() throws -> [Measurement] {
        let text = """
            default: deny
            rules:
              - { id: require-auth, action: DENY, roles: [] }
              - { id: admin-only, action: DENY, intents: ["Admin*", "Delete*"], roles: [user, viewer] }
              - { id: tenant, action: ALLOW, rate_limit_per_minute: 1000000000, rate_limit_key_template: "{tenant}" }
            """
        guard let document = PolicyLoader.load([("policy.yaml", text)], into: Diagnostics()) else { exit(2) }
        let policy = CompiledPolicy(document)
        let request = PolicyRequest(subject: "alice", roles: ["user"], tenant: "acme", intent: "SummarizeIntent")
        let store = MemoryBucketStore(hasher: BucketKeyHasher(secret: (1, 2)))
        let limit = store.hasher.prepare(RateLimit(name: "tenant", ratePerMinute: 1_000_000_000))
        let directory = DirectoryStore()
        try directory.replaceStatic([
            ConfiguredAgent(
                definition: AgentDefinition(name: "summarizer", capabilities: [Capability(intent: "SummarizeIntent")]),
                instances: [.init(url: try InstanceURL(parsing: "http://127.0.0.1:9001/execute-agent"))])
        ])
        var now: Int64 = 1
        return [
            Measurement("evaluate a policy of three rules") {
                policy.evaluate(request, agent: "summarizer").limits.count
            },
            Measurement("take a token from a bucket") {
                now += 1_000
                return store.takeNow(limit.demand(on: "acme"), nowNanoseconds: now).states.count
            },
            Measurement("find the candidates and plan the route") {
                let candidates = directory.snapshot.candidates(intent: "SummarizeIntent", version: "1.0")
                return RoutePlan(permitted: candidates, strategy: .direct) == nil ? 0 : candidates.count
            },
        ]
    }
}
