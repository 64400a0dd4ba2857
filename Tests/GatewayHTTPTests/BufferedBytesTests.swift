import NIOCore
import Testing

@testable import GatewayHTTP

@Suite("What connections hold")
struct BufferedBytesTests {
    private static func peer(_ address: String) throws -> PeerNetwork? {
        PeerNetwork(try SocketAddress(ipAddress: address, port: 1))
    }

    @Test("is bounded for all together, and for one peer by a quarter; what is given back can be had again")
    func bounds() throws {
        let all = BufferedBytes(bytesMax: 1_000)
        let peers = try (1...5).map { try Self.peer("192.0.2.\($0)") }
        for peer in peers.prefix(4) {
            #expect(!all.take(251, for: peer))
            #expect(all.take(250, for: peer) && !all.take(1, for: peer))
        }
        #expect(!all.take(1, for: peers[4]) && !all.take(1, for: nil) && all.count == 1_000)
        all.giveBack(100, of: peers[0])
        #expect(all.take(60, for: peers[4]) && all.take(40, for: nil) && !all.take(1, for: nil))
        all.giveBack(40, of: nil)
        all.giveBack(60, of: peers[4])
        all.giveBack(150, of: peers[0])
        for peer in peers[1..<4] { all.giveBack(250, of: peer) }
        #expect(all.count == 0)
    }

    @Test("is asked for in steps, behind what a connection has of its own, and given back to the last byte")
    func steps() throws {
        let (all, step) = (BufferedBytes(bytesMax: 10 << 20), HeldBytes.ownBytes)
        let peer = try Self.peer("192.0.2.1")
        var held = HeldBytes()
        for (bytes, taken) in [(1, 0), (step, 0), (step + 1, step), (2 * step, step), (2 * step + 1, 2 * step)] {
            let fits = held.grow(to: bytes, in: all, for: peer)
            #expect(fits)
            #expect(held.count == bytes && all.count == taken)
        }
        let fits = held.grow(to: 4 << 20, in: all, for: peer)
        #expect(!fits)
        #expect(held.count == 2 * step + 1 && all.count == 2 * step)
        for (bytes, taken) in [(2 * step, step), (5, 0), (0, 0)] {
            held.shrink(to: bytes, in: all, for: peer)
            #expect(held.count == bytes && all.count == taken)
        }
    }
}
