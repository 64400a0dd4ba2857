import GatewayHTTP
import IntentProtocol
import IntentusClient
import NIOCore

/// Every request that a run can send: each entry of the mix by each of its callers' tokens, ready for each target.
struct RequestMix: Sendable {
    /// Bytes of all templates together.
    static let bytesMax = 512 << 20

    /// An entry asked by a caller with one of the tokens.
    struct Request: Sendable {
        let entry: Int
        let caller: Int
        let token: Int
    }

    /// A request that is sealed when it is sent.
    struct Sealed {
        let bytes: ByteBuffer
        let exchange: SealedExchange
    }

    let requests: [Request]
    let choice: WeightedChoice
    private let plan: LoadPlan
    private let runId: String
    private let timestamp: String
    /// By target, then by request; empty where requests are sealed.
    private let templates: [[RequestTemplate]]
    /// By target, then by request: the head without content length.
    private let heads: [[[UInt8]]]

    /// - Parameter timestamp: what envelopes say of their time, in ISO 8601.
    init(_ plan: LoadPlan, timestamp: String) throws(LoadFault) {
        self.plan = plan
        self.timestamp = timestamp
        let hex = String(plan.seed &* 0x9E37_79B9_7F4A_7C15 | 1 << 63, radix: 16)
        runId = "load-\(hex)-"
        var requests: [Request] = []
        var weights: [Double] = []
        for (place, entry) in plan.entries.enumerated() {
            let all = entry.callers.reduce(0) { $0 + plan.callers[$1].weight }
            for caller in entry.callers {
                let tokens = plan.callers[caller].tokens
                for token in tokens.indices {
                    requests.append(Request(entry: place, caller: caller, token: token))
                    weights.append(entry.weight * plan.callers[caller].weight / max(all, 1e-9) / Double(tokens.count))
                }
            }
        }
        self.requests = requests
        choice = WeightedChoice(weights)
        var templates: [[RequestTemplate]] = []
        var heads: [[[UInt8]]] = []
        var byteCount = 0
        for target in plan.targets {
            let made = requests.map { Self.head(plan, target, token: plan.callers[$0.caller].tokens[$0.token]) }
            heads.append(made)
            guard plan.sealing == nil else { continue }
            var ready: [RequestTemplate] = []
            for (request, head) in zip(requests, made) {
                let id = runId + String(repeating: "0", count: RequestTemplate.idDigits)
                let template = RequestTemplate(
                    head: head, body: Self.draft(plan.entries[request.entry], id, timestamp).encodedFrame(), id: id)
                byteCount += template.count
                guard byteCount <= Self.bytesMax else {
                    throw LoadFault(
                        "the requests of all targets, entries and tokens have more than \(Self.bytesMax >> 20) MiB together: "
                            + "name fewer tokens or smaller payloads")
                }
                ready.append(template)
            }
            templates.append(ready)
        }
        self.templates = templates
        self.heads = heads
    }

    /// Puts a request into an empty buffer.
    ///
    /// - Returns: what opens its answer; nil where it goes in clear.
    func write(
        _ request: Int, target: Int, number: Int, unixMilliseconds: () -> Int64, to buffer: inout ByteBuffer
    ) throws -> SealedExchange? {
        guard let sealing = plan.sealing else {
            templates[target][request].write(number: number, to: &buffer)
            return nil
        }
        let digits = String(number)
        let id = runId + String(repeating: "0", count: max(RequestTemplate.idDigits - digits.count, 0)) + digits
        let known = requests[request]
        let exchange = try SealedExchange(
            Self.draft(plan.entries[known.entry], id, timestamp), sealing,
            token: plan.callers[known.caller].tokens[known.token], unixMilliseconds: unixMilliseconds())
        buffer.writeBytes(heads[target][request])
        buffer.writeString("content-length: \(exchange.frame.count)\r\n\r\n")
        buffer.writeBytes(exchange.frame)
        return exchange
    }

    private static func draft(_ entry: LoadPlan.Entry, _ id: String, _ timestamp: String) -> EnvelopeDraft {
        var draft = entry.draft
        draft.requestId = id
        draft.timestamp = timestamp
        draft.createdAt = timestamp
        return draft
    }

    private static func head(_ plan: LoadPlan, _ target: LoadPlan.Target, token: String?) -> [UInt8] {
        var text = "POST \(target.endpoint.path) HTTP/1.1\r\nhost: \(target.endpoint.hostHeader)\r\n"
        text += "user-agent: intentusnet-load\r\ncontent-type: application/json\r\n"
        text += "x-intentus-timeout-ms: \(plan.timeoutMilliseconds)\r\n"
        if let token { text += "authorization: Bearer \(token)\r\n" }
        return Array(text.utf8)
    }
}
