import Foundation
import Testing

/// Mutated requests at a live node.
///
/// What must hold whatever comes: every answer is a well-formed HTTP answer whose status is 2xx or 4xx, or a 501 or 505
/// of the listener; a worker saw exactly as many requests as were answered with a success, each a whole frame in the name
/// of the token's subject; and afterwards an ordinary request is served as before.
@Suite("Fuzzing the listener")
struct ListenerFuzzTests {
    private struct Outcome: Sendable {
        var status: Int
        var isSuccess: Bool
    }

    private static let lanes = 4
    private static let requestsInLane = 75
    private static let allowed: Set<Int> = [200, 400, 401, 403, 404, 405, 408, 413, 415, 417, 429, 431, 501, 505]

    @Test("mutated requests are refused cleanly, and no worker sees what is not answered with a success")
    func mutations() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        // A request that never gets whole is given up soon, so that the run is short.
        let node = try await TestNode.inFront(
            of: worker,
            listen:
                #"http: "127.0.0.1:0", headerTimeoutMilliseconds: 100, requestTimeoutMilliseconds: 150, idleTimeoutMilliseconds: 100"#
        )
        let token = try TestNode.token()
        let port = node.port
        let outcomes = try await withThrowingTaskGroup(of: [Outcome].self) { group in
            for lane in 0..<Self.lanes {
                group.addTask { try await offPool { try Self.run(lane: lane, port: port, token: token) } }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(outcomes.count >= Self.lanes * Self.requestsInLane / 2)
        // The run is worth something only if it gets past the listener as well as being stopped by it.
        let successes = outcomes.count { $0.isSuccess }
        #expect(successes > 0)
        #expect(Set(outcomes.map(\.status)).count >= 4, "\(Set(outcomes.map(\.status)))")
        // A request whose client did not wait for its answer may have reached the worker as well.
        try await eventually { worker.requests.count >= successes }
        for request in worker.requests {
            #expect(request.json["messageType"] as? String == "intent")
            let metadata = request.envelope["metadata"] as? [String: Any]
            let chain = metadata?["identityChain"] as? [String] ?? []
            #expect(Array(chain.prefix(2)) == ["user:alice", "service:api-gateway"])
        }
        #expect(try await node.answer(token: token).status == 200)
        #expect(try await node.metric("intentusnet_requests_in_flight") == 0)
        await node.stop()
    }

    /// Sends one lane's requests, each on a connection of its own, and reads every answer to the end of the connection.
    private static func run(lane: Int, port: Int, token: String) throws -> [Outcome] {
        var random = SeededGenerator(seed: 0x1A7E_2026 + UInt64(lane))
        var outcomes: [Outcome] = []
        for number in 0..<requestsInLane {
            let client = try SocketClient(port: port)
            // The node may refuse and close before everything is sent.
            try? client.send(mutated(base(number, token), &random))
            var answers = 0
            while try !client.isClosedByPeer() {
                let reply = try client.receive()
                answers += 1
                #expect(allowed.contains(reply.status), "lane \(lane), request \(number): \(reply)")
                #expect(!reply.response.isEmpty, "lane \(lane), request \(number): \(reply)")
                #expect(answers <= 4, "lane \(lane), request \(number)")
                outcomes.append(
                    Outcome(status: reply.status, isSuccess: reply.response["status"] as? String == "success"))
            }
        }
        return outcomes
    }

    /// The request that is mutated: bare or framed, of known length or chunked.
    private static func base(_ number: Int, _ token: String) -> [UInt8] {
        let body = number % 2 == 0 ? Envelope.bare() : Envelope.frame()
        let path = ["/api/v1/intent", "/intent", "/"][number % 3]
        let head = "POST \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer \(token)\r\n"
        guard number % 5 == 0 else {
            return Array("\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
        }
        let size = String(body.utf8.count, radix: 16)
        return Array("\(head)Transfer-Encoding: chunked\r\n\r\n\(size)\r\n\(body)\r\n0\r\n\r\n".utf8)
    }

    private static let insertions: [[UInt8]] =
        [
            "\r\n", "\n", "\r", "\r\n\r\n", "\u{0}", " ", ":", "{", "}", "\"", "\\", ",", "[[[[", "null", "1e999",
            "\\ud800",
            "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "POST / HTTP/1.1\r\n\r\n", "Bearer ",
        ].map { Array($0.utf8) } + [[0xFF, 0xFE], [0xC3], [0x80]]

    /// One to three changes, in the head, in the body, or anywhere.
    private static func mutated(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        let headEnd = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? bytes.count
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard !bytes.isEmpty else { break }
            let body = min(headEnd, bytes.count)
            let range = [0..<body, body..<bytes.count, bytes.indices].randomElement(using: &random) ?? bytes.indices
            guard let place = range.randomElement(using: &random) else { continue }
            let end = min(bytes.count, place + Int.random(in: 1...24, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 4: bytes.insert(contentsOf: insertions.randomElement(using: &random) ?? [], at: place)
            default:
                // Cutting costs a time-out when it is believed, so it is rarer.
                if Int.random(in: 0..<4, using: &random) == 0 { bytes.removeSubrange(place...) }
            }
        }
        return bytes
    }
}
