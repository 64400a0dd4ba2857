import Testing

@testable import RedisState

@Suite("Slots of a cluster")
struct SlotHashTests {
    @Test(
        "a key's slot is that of the cluster's specification",
        arguments: [
            ("123456789", 12739), ("foo", 12182), ("bar", 5061), ("", 0), ("{user1000}.following", 3443),
            ("{user1000}.followers", 3443), ("foo{}{bar}", 8363), ("foo{{bar}}zap", 4015), ("foo{bar}{zap}", 5061),
        ])
    func slots(key: String, slot: Int) {
        #expect(SlotHash.slot(of: Array(key.utf8)) == slot)
    }

    @Test("a map is read from the reply, and nodes without a name are where they answered")
    func map() throws {
        let node: RedisValue = .array([.bytes(Array("10.0.0.1".utf8)), .integer(7000), .bytes([]), .array([])])
        let unnamed: RedisValue = .array([.bytes([]), .integer(7001), .bytes([])])
        let reply = RedisValue.array([
            .array([.integer(0), .integer(8191), node, unnamed]), .array([.integer(8192), .integer(16383), unnamed]),
        ])
        let map = try #require(ClusterMap(slots: reply, asked: RedisAddress(host: "seed", port: 1)))
        #expect(map.master(of: 0) == RedisAddress(host: "10.0.0.1", port: 7000))
        #expect(map.master(of: 16383) == RedisAddress(host: "seed", port: 7001))
        #expect(map.orphanCount == 0)
        #expect(
            ClusterMap(slots: .array([.array([.integer(0), .integer(99_999), node])]), asked: .init(host: "", port: 1))
                == nil)
        #expect(ClusterMap(slots: .status("OK"), asked: .init(host: "", port: 1)) == nil)
    }

    @Test("redirections are read, and nothing else is taken for one")
    func redirections() {
        let sender = RedisAddress(host: "here", port: 1)
        func read(_ line: String) -> Redirection? { Redirection(RedisServerError(line: line), sender: sender) }
        #expect(read("MOVED 3999 127.0.0.1:6381") == .moved(slot: 3999, RedisAddress(host: "127.0.0.1", port: 6381)))
        #expect(read("ASK 3999 ::1:6381") == .ask(RedisAddress(host: "::1", port: 6381)))
        #expect(read("MOVED 3999 :6381") == .moved(slot: 3999, RedisAddress(host: "here", port: 6381)))
        #expect(read("MOVED 16384 a:1") == nil && read("MOVED 1 a:0") == nil && read("MOVED 1") == nil)
        #expect(read("TRYAGAIN later") == .tryAgain && read("CLUSTERDOWN x") == .clusterDown && read("ERR x") == nil)
    }
}
