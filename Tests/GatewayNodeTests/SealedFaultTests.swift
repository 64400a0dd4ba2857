import Encryption
import Foundation
import IntentProtocol
import Testing

/// Sealed messages that were changed on their way, byte by byte, at the socket: one answer for all, in one time.
@Suite("Changed seals at the socket", .serialized)
struct SealedFaultTests {
    /// What an answer tells, but for what differs between any two: when it came.
    private struct Told: Hashable {
        let status: Int
        let headers: [String]
        let body: [UInt8]

        init(_ reply: SocketClient.Reply) {
            status = reply.status
            headers = reply.headers.filter { !["date", "traceparent", "x-request-id"].contains($0.key) }
                .map { "\($0.key): \($0.value)" }.sorted()
            body = reply.body
        }
    }

    private static func node(
        _ worker: ScriptedWorker, _ emcl: String = "", keys: [RingKey] = [SealingPeer.first]
    ) async throws -> TestNode {
        try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", extra: "emcl: { keyRingFile: ring.json\(emcl) }",
            files: ["ring.json": try SealingPeer.document(keys)])
    }

    private static func frame() throws -> [UInt8] {
        Array(try SealingPeer().seal(Envelope.bare(requestId: "req-1")).frame.utf8)
    }

    /// The text of a member's string.
    private static func member(_ name: String, _ frame: [UInt8]) throws -> Range<Int> {
        let start = try #require(frame.firstRange(of: Array("\"\(name)\":\"".utf8))).upperBound
        let end = try #require(frame[start...].firstIndex(of: UInt8(ascii: "\"")))
        return start..<end
    }

    /// A frame in which some bytes of a member's base64 are others.
    private static func changed(
        _ frame: [UInt8], _ name: String, _ change: (inout [UInt8]) -> Void
    ) throws -> [UInt8] {
        let range = try member(name, frame)
        var bytes = Array(try #require(Data(base64Encoded: Data(frame[range]))))
        change(&bytes)
        var changed = frame
        changed.replaceSubrange(range, with: Data(bytes).base64EncodedData())
        return changed
    }

    @Test(
        "a bit changed in any byte of the ciphertext, the tag or the nonce, and a tag that is cut at any place, are refused alike"
    )
    func bytes() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker)
        let frame = try Self.frame()
        var attempts = try Self.attempts(frame, ["cipherText", "nonce"])
        // What stands in clear is under the tag, too: each letter and digit of it is changed to its neighbour.
        let inClear = ["kid", "caller", "tenant", "intent", "intentVersion", "requestId"]
        for name in inClear {
            for index in try Self.member(name, frame) {
                var other = frame
                other[index] ^= 1
                attempts.append(("\(name) at \(index)", other))
            }
        }
        #expect(attempts.count > 550, "\(attempts.count) attempts")
        try await Self.expectOneAnswer(attempts, node, worker)
        // The same frame, unchanged, opens: it was the changes that were refused.
        let whole = try await node.answer(String(decoding: frame, as: UTF8.self), token: try TestNode.token())
        #expect(whole.status == 200, "\(whole)")
        await node.stop()
    }

    @Test("so are they in profile v1, by the very answer of v2: it tells neither which profile failed nor why")
    func bytesOfPython() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let key = SealingPeer.key("python", 3, profile: .v1)
        let node = try await Self.node(worker, ", clientProfiles: [v1, v2]", keys: [SealingPeer.first, key])
        let frame = Array(try SealingPeer([key]).seal(profile: .v1).frame.utf8)
        var attempts = try Self.attempts(frame, ["cipherText", "iv"])
        let stranger = try SealingPeer([SealingPeer.key("python", 99, profile: .v1)])
        attempts.append(("another key", Array(try stranger.seal(profile: .v1).frame.utf8)))
        attempts.append(("of v2", try Self.changed(Self.frame(), "cipherText") { $0[0] ^= 1 }))
        try await Self.expectOneAnswer(attempts, node, worker)
        let whole = try await node.answer(String(decoding: frame, as: UTF8.self), token: try TestNode.token())
        #expect(whole.status == 200, "\(whole)")
        await node.stop()
    }

    /// Frames in which a bit of each byte of some members is another, or the tag is cut, gone or followed by something.
    private static func attempts(_ frame: [UInt8], _ members: [String]) throws -> [(String, [UInt8])] {
        var attempts: [(String, [UInt8])] = []
        for name in members {
            let count = try #require(Data(base64Encoded: Data(frame[try member(name, frame)]))).count
            for index in 0..<count {
                let bit = UInt8(1) << UInt8(index % 8)
                attempts.append(("\(name) byte \(index)", try changed(frame, name) { $0[index] ^= bit }))
            }
        }
        for cut in 1...16 {
            attempts.append(("tag cut by \(cut)", try changed(frame, "cipherText") { $0.removeLast(cut) }))
        }
        attempts.append(("empty", try changed(frame, "cipherText") { $0 = [] }))
        attempts.append(("a byte more", try changed(frame, "cipherText") { $0.append(0) }))
        return attempts
    }

    /// Sends each over one connection: all are told the same, and nothing of them reaches a worker.
    private static func expectOneAnswer(
        _ attempts: [(String, [UInt8])], _ node: TestNode, _ worker: ScriptedWorker
    ) async throws {
        let (port, token) = (node.port, try TestNode.token())
        let told = try await offPool { () throws -> [Told: [String]] in
            let client = try SocketClient(port: port)
            var told: [Told: [String]] = [:]
            for (name, body) in attempts {
                let reply = try client.post(String(decoding: body, as: UTF8.self), token: token)
                told[Told(reply), default: []].append(name)
            }
            return told
        }
        #expect(
            told.count == 1,
            "\(told.map { ($0.key.status, String(decoding: $0.key.body, as: UTF8.self), $0.value.prefix(3)) })")
        #expect(told.keys.first?.status == 400)
        #expect(worker.requests.isEmpty)
    }

    /// A refusal takes the work of an opening, whatever it is for: who measures it does not learn which keys there are, nor whether the
    /// header, the key or the tag was wrong.
    ///
    /// A median over a socket on a machine that does other things is no proof of constant time; what it finds is a stage that is left
    /// out, which for the large body here is a good part of the whole. The groups are asked in turn, so that a slower moment
    /// is one for all of them.
    @Test("a wrong header, a wrong tag and a key that is not there take the same time")
    func time() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker)
        let (port, token) = (node.port, try TestNode.token())
        let text = String(repeating: "a payload of some size, ", count: 4_000)
        let envelope = Envelope.bare().replacingOccurrences(of: "hello", with: text)
        let frame = Array(try SealingPeer().seal(envelope).frame.utf8)
        #expect(frame.count > 100_000)
        var header = frame
        header[try Self.member("requestId", frame).lowerBound] ^= 1
        var key = frame
        key[try Self.member("kid", frame).lowerBound] ^= 1
        let groups = [
            header, try Self.changed(frame, "cipherText") { $0[$0.count - 1] ^= 1 },
            try Self.changed(frame, "cipherText") { $0[0] ^= 1 }, key,
        ].map { String(decoding: $0, as: UTF8.self) }
        let medians = try await offPool { () throws -> [Double] in
            let client = try SocketClient(port: port)
            var times = groups.map { _ in [Double]() }
            for round in 0..<150 {
                for index in groups.indices {
                    let began = ContinuousClock.now
                    let reply = try client.post(groups[index], token: token)
                    let took = ContinuousClock.now - began
                    guard reply.status == 400 else { throw SocketClient.Failure(description: "\(reply)") }
                    if round >= 10 { times[index].append(took / .microseconds(1)) }
                }
            }
            return times.map { $0.sorted()[$0.count / 2] }
        }
        let (least, most) = (medians.min() ?? 0, medians.max() ?? 0)
        print(
            "refusals of \(frame.count) bytes: header, tag, ciphertext, key in \(medians.map { Int($0) }) µs (medians)")
        #expect(most < 1.25 * least, "\(medians)")
        await node.stop()
    }
}
