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

    let requests: [Request]
    let choice: WeightedChoice
    private let ready: Ready

    /// Requests as they go over the wire, by target and then by request.
    private enum Ready {
        case plain([[NumberedBytes]])
        /// The heads without content length; what they are for is sealed when it is sent.
        case sealed(SealedRequests, heads: [[[UInt8]]])
    }

    /// - Parameter timestamp: what envelopes say of their time, in ISO 8601.
    init(_ plan: LoadPlan, timestamp: String) throws(LoadFault) {
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
        ready = try Self.ready(plan, requests, timestamp)
    }

    private static func ready(_ plan: LoadPlan, _ requests: [Request], _ timestamp: String) throws(LoadFault) -> Ready {
        let hex = String(plan.seed &* 0x9E37_79B9_7F4A_7C15 | 1 << 63, radix: 16)
        let text = "load-\(hex)-" + String(repeating: "0", count: NumberedBytes.idDigits)
        let id = Array(text.utf8)
        let drafts = plan.entries.map { draft($0, text, timestamp) }
        if let sealing = plan.sealing {
            let sealed = SealedRequests(plan, sealing, id: id, drafts: drafts)
            let heads = try byTarget(plan, requests, besides: sealed.byteCount) { head, _ in (head, head.count) }
            return .sealed(sealed, heads: heads)
        }
        let bodies = drafts.map { $0.encodedFrame() }
        let whole = try byTarget(plan, requests, besides: 0) { head, request in
            let body = bodies[request.entry]
            let head = head + Array("content-length: \(body.count)\r\n\r\n".utf8)
            return (NumberedBytes(head + body, id: id, from: head.count), head.count + body.count)
        }
        return .plain(whole)
    }

    /// Something of each request for each target, and how many bytes it has.
    ///
    /// - Parameter byteCount: what is kept besides.
    private static func byTarget<Made>(
        _ plan: LoadPlan, _ requests: [Request], besides byteCount: Int,
        _ make: (_ head: [UInt8], _ request: Request) -> (made: Made, byteCount: Int)
    ) throws(LoadFault) -> [[Made]] {
        var byteCount = byteCount
        return try plan.targets.map { target throws(LoadFault) in
            try requests.map { request throws(LoadFault) in
                let head = Self.head(plan, target, token: plan.callers[request.caller].tokens[request.token])
                let (made, count) = make(head, request)
                byteCount += count
                guard byteCount <= bytesMax else {
                    throw LoadFault(
                        "the requests of all targets, entries and tokens have more than \(bytesMax >> 20) MiB together: "
                            + "name fewer tokens or smaller payloads")
                }
                return made
            }
        }
    }

    /// Puts a request into an empty buffer.
    ///
    /// - Returns: what opens its answer; nil where it goes in clear.
    func write(
        _ request: Int, target: Int, number: Int, unixMilliseconds: () -> Int64, to buffer: inout ByteBuffer
    ) throws(IntentError) -> SealedExchange? {
        switch ready {
        case .plain(let whole):
            whole[target][request].write(number: number, to: &buffer)
            return nil
        case .sealed(let sealed, let heads):
            let exchange = try sealed.seal(requests[request], number: number, unixMilliseconds: unixMilliseconds())
            buffer.writeBytes(heads[target][request])
            buffer.writeStaticString("content-length: ")
            buffer.writeString(String(exchange.frame.count))
            buffer.writeStaticString("\r\n\r\n")
            buffer.writeBytes(exchange.frame)
            return exchange
        }
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
