import DevelopmentIssuer
import Documents
import Foundation
import Gateway
import Identity
import IntentPolicy
import IntentProtocol
import Observability
import RateLimiting
import Routing
import Traces

/// What the straight line costs as a whole, without sockets: and what traces add to it.
enum WholeRequest {
    private struct Worker: WorkerCaller {
        let answer: [UInt8]

        func call(
            _ url: InstanceURL, body: [UInt8], headerLines: [UInt8], deadlineNanoseconds: Int64
        ) async throws(WorkerFailure) -> WorkerAnswer { WorkerAnswer(status: 200, body: answer) }
    }

    private struct Buckets: BucketStore {
        let memory: MemoryBucketStore

        func take(_ demands: [BucketDemand], nowNanoseconds: Int64) async -> BucketOutcome {
            .decided(memory.takeNow(demands, nowNanoseconds: nowNanoseconds))
        }

        func settle(_ settlements: [BucketSettlement], nowNanoseconds: Int64) {}
    }

    private struct Around: Surroundings {
        func monotonicNanoseconds() -> Int64 { Timestamp.monotonicNanoseconds() }
        func unixNanoseconds() -> Int64 { Timestamp.unixNanoseconds() }
        func randomBits() -> UInt64 { UInt64.random(in: .min ... .max) }
    }

    private struct Keys: KeyRefreshing {
        func refreshKeys(issuer: Int, waitingMilliseconds: Int64) async {}
    }

    private struct Nowhere: AuditSink, SpanSink {
        func admitsRequest() -> Bool { true }
        func append(_ record: borrowing AuditRecord) {}
        func append(_ spans: [Span]) {}
    }

    private typealias Line = Gateway<Worker, Buckets, Around, RequestMeter, Nowhere>

    /// The rows; each one beside the line without traces.
    static func measure(body: [UInt8], answer: [UInt8]) async throws -> [Measurement] {
        let (token, verifier) = try tokens()
        func line(_ sampling: TraceSampling?) throws -> Line { try Self.line(verifier, answer, sampling) }
        let unsampled = Array("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".utf8)
        return [
            try await cost("a whole request, no traces", line(nil), body, token),
            try await cost("the same, its traceparent passed on", line(nil), body, token, unsampled),
            try await cost("traces on, begins here and is not kept", line(TraceSampling(ratio: 0)), body, token),
            try await cost(
                "traces on, the caller keeps nothing", line(TraceSampling(ratio: 1, parents: .followed)), body, token,
                unsampled),
            try await cost("traces on, kept: two spans, eight events", line(TraceSampling(ratio: 1)), body, token),
        ]
    }

    private static func cost(
        _ name: String, _ line: Line, _ body: [UInt8], _ token: [UInt8], _ parent: [UInt8]? = nil
    ) async throws -> Measurement {
        let domains = TrustDomainTable(try domain())
        let connection = ArrivalConnection(
            remoteAddress: "203.0.113.7:51334", peer: PeerRules(domains).connection(address: nil, identity: nil))
        let authorization = Array("Bearer ".utf8) + token
        let arrival = Arrival(
            door: .api, authorization: authorization[...], traceparent: parent?[...], body: body, connection: connection
        )
        var costs: [Double] = []
        for round in 0..<41 {
            let start = processNanoseconds()
            for _ in 0..<1_000 {
                let answer = await line.handle(arrival)
                guard answer.status == 200 else {
                    print(String(decoding: answer.body, as: UTF8.self))
                    exit(2)
                }
            }
            // The first round fills caches.
            if round > 0 { costs.append(Double(processNanoseconds() - start) / 1_000) }
        }
        return Measurement(name, costs: costs)
    }

    private static func line(_ tokens: TokenVerifier, _ answer: [UInt8], _ sampling: TraceSampling?) throws -> Line {
        let text = """
            default: deny
            rules:
              - { id: admin-only, action: DENY, intents: ["Admin*", "Delete*"], roles: [user, viewer] }
              - { id: tenant, action: ALLOW, rate_limit_per_minute: 1000000000, rate_limit_key_template: "{tenant}" }
            """
        guard let document = PolicyLoader.load([("policy.yaml", text)], into: Diagnostics()) else { exit(2) }
        let memory = MemoryBucketStore(hasher: BucketKeyHasher(secret: (1, 2)))
        let directory = DirectoryStore()
        try directory.replaceStatic([
            ConfiguredAgent(
                definition: AgentDefinition(name: "summarizer", capabilities: [Capability(intent: "SummarizeIntent")]),
                instances: [.init(url: try InstanceURL(parsing: "http://127.0.0.1:9001/execute-agent"))])
        ])
        let domains = TrustDomainTable(try domain())
        var settings = GatewaySettings()
        settings.traces = sampling
        return Line(
            settings: settings,
            peers: PeerProofs(rules: PeerRules(domains), accounts: try ServiceAccountIssuers([], domains)),
            tokens: tokens, keys: Keys(), authorization: AuthorizationHolder(nil),
            policies: PolicyHolder(ActivePolicy(CompiledPolicy(document), hasher: memory.hasher)),
            buckets: Buckets(memory: memory), directory: directory, registrar: directory,
            workers: Worker(answer: answer),
            around: Around(), meter: RequestMeter(), audit: Nowhere(), traces: sampling == nil ? nil : Nowhere())
    }

    private static func domain() throws -> TrustDomain {
        guard let domain = TrustDomain("cluster.local") else { exit(2) }
        return domain
    }

    private static func tokens() throws -> ([UInt8], TokenVerifier) {
        let key = try DevelopmentKey(keyId: "bench")
        let policy = IssuerPolicy(issuer: "https://idp.example.com", audiences: ["intentusnet"])
        let token = try key.sign(
            DevelopmentClaims(
                issuer: policy.issuer, audience: "intentusnet", subject: "user-1", roles: ["user"], tenant: "acme",
                lifetimeSeconds: 3_600))
        let verifier = TokenVerifier(issuers: [policy], cacheEntries: 1_000)
        verifier.replaceKeys(issuer: 0, with: try KeySet(parsingJWKS: Array(key.jwks().utf8)))
        return (Array(token.utf8), verifier)
    }

    private static func processNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
