import NIOEmbedded
import Testing

@testable import GatewayHTTP

@Suite("Writes wait for the end of the loop's turn")
struct TurnEndFlusherTests {
    /// Counts its flushes, and may ask for one more inside the first.
    private final class Connection: FlushedAtTurnEnd {
        var flushes = 0
        var onFlush: () -> Void = {}

        func flushWrites() {
            flushes += 1
            onFlush()
        }
    }

    @Test("and leave together, once")
    func together() throws {
        let loop = EmbeddedEventLoop()
        let flusher = TurnEndFlusher(loop)
        let connections = (0..<3).map { _ in Connection() }
        for connection in connections { flusher.flushSoon(connection) }
        #expect(connections.map(\.flushes) == [0, 0, 0])
        loop.run()
        #expect(connections.map(\.flushes) == [1, 1, 1])
        loop.run()
        #expect(connections.map(\.flushes) == [1, 1, 1])
        flusher.flushSoon(connections[1])
        loop.run()
        #expect(connections.map(\.flushes) == [1, 2, 1])
    }

    @Test("but no more connections wait than the bound, for the first would wait for all of them")
    func bound() throws {
        let loop = EmbeddedEventLoop()
        let flusher = TurnEndFlusher(loop)
        let connections = (0..<TurnEndFlusher.waitingMax).map { _ in Connection() }
        for connection in connections.dropLast() { flusher.flushSoon(connection) }
        #expect(connections.allSatisfy { $0.flushes == 0 })
        flusher.flushSoon(connections[connections.count - 1])
        #expect(connections.allSatisfy { $0.flushes == 1 })
        loop.run()
        #expect(connections.allSatisfy { $0.flushes == 1 })
    }

    @Test("and what a flush sets off is not lost")
    func nested() throws {
        let loop = EmbeddedEventLoop()
        let flusher = TurnEndFlusher(loop)
        let first = Connection()
        let second = Connection()
        first.onFlush = { flusher.flushSoon(second) }
        flusher.flushSoon(first)
        loop.run()
        loop.run()
        #expect(first.flushes == 1 && second.flushes >= 1)
    }
}
