import DevelopmentIssuer
import Documents
import Synchronization
import Testing

@testable import GatewayNode

/// Several reasons to reload at the same time.
@Suite("Turns of reloading")
struct ReloadTurnsTests {
    /// Work that waits for its leave.
    private final class Work: Sendable {
        private let state = Mutex((begun: 0, ended: 0, isOpen: false))

        var begun: Int { state.withLock(\.begun) }
        var ended: Int { state.withLock(\.ended) }

        func open() { state.withLock { $0.isOpen = true } }

        @Sendable func run() async -> [Diagnostic] {
            let number = state.withLock { state in
                state.begun += 1
                return state.begun
            }
            while !state.withLock(\.isOpen) { await Task.yield() }
            state.withLock { $0.ended += 1 }
            return [Diagnostic(.warning, "run \(number)")]
        }
    }

    @Test("what is asked for while a reload runs is one more, and all who asked get its findings")
    func oneMore() async throws {
        let (turns, work) = (ReloadTurns(), Work())
        let first = turns.turn(work.run)
        try await eventually { work.begun == 1 }
        let others = (0..<8).map { _ in turns.turn(work.run) }
        #expect(work.begun == 1)
        work.open()
        #expect(await first.value.map(\.message) == ["run 1"])
        for other in others { #expect(await other.value.map(\.message) == ["run 2"]) }
        #expect(work.begun == 2)
        #expect(await turns.take(work.run).map(\.message) == ["run 3"])
        // Who waits for the end waits for the one that waits, too.
        _ = turns.turn(work.run)
        _ = turns.turn(work.run)
        await turns.finish()
        #expect(work.ended == 5)
        await turns.finish()
    }

    @Test("a reload that was asked for takes the changes that the watch would have found")
    func watchedChange() async throws {
        let node = try await TestNode()
        await node.node.reload()
        #expect(await node.node.reloadIfFilesChanged() == false)
        try node.write(ReloadTests.adminsOnly, to: "policy.yaml")
        try node.write(try DevelopmentKey(keyId: "k2").jwks(), to: "jwks.json")
        await node.node.reload()
        // The node's own watch may have seen the change first; it must not be left for anybody now.
        #expect(await node.node.reloadIfFilesChanged() == false)
        await node.stop()
    }
}
