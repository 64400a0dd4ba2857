import Glibc
import Synchronization

/// What the threads of a noise server hold, so that the server itself can be let go.
final class NoiseConnections: Sendable {
    private struct State {
        var descriptors: Set<Int32> = []
        var count = 0
        var commands: [NoiseServer.Command] = []
        var isOver = false
    }

    private let state = Mutex(State())
    private let greeting: NoiseReply
    private let reply: @Sendable (NoiseServer.Command) -> NoiseReply

    init(_ greeting: NoiseReply, _ reply: @escaping @Sendable (NoiseServer.Command) -> NoiseReply) {
        self.greeting = greeting
        self.reply = reply
    }

    var commands: [NoiseServer.Command] { state.withLock { $0.commands } }
    var count: Int { state.withLock { $0.count } }

    /// Takes a connection in.
    /// - Returns: its number; nil when the server has ended.
    func add(_ descriptor: Int32) -> Int? {
        state.withLock { state in
            guard !state.isOver else { return nil }
            state.descriptors.insert(descriptor)
            defer { state.count += 1 }
            return state.count
        }
    }

    /// Ends the listener and every connection; their threads close them.
    func end(_ listener: Int32) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isOver = true
            shutdown(listener, Int32(SHUT_RDWR))
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Answers a connection until it ends.
    func serve(_ descriptor: Int32, _ number: Int) {
        defer {
            state.withLock { _ = $0.descriptors.remove(descriptor) }
            close(descriptor)
        }
        guard carryOut(greeting, descriptor) else { return }
        var reader = RESPReader()
        var index = 0
        while case .bytes(let bytes) = LocalSocket.receive(from: descriptor) {
            reader.add(bytes)
            while let value = try? reader.next() {
                let words = (value.array ?? []).map { if case .bytes(let word) = $0 { word } else { [] as [UInt8] } }
                let command = NoiseServer.Command(connection: number, index: index, words: words)
                index += 1
                state.withLock { $0.commands.append(command) }
                guard carryOut(reply(command), descriptor) else { return }
            }
        }
    }

    /// - Returns: whether the connection goes on.
    private func carryOut(_ reply: NoiseReply, _ descriptor: Int32) -> Bool {
        switch reply {
        case .bytes(let bytes): return LocalSocket.sendAll(bytes, to: descriptor)
        case .nothing: return true
        case .last(let bytes):
            _ = LocalSocket.sendAll(bytes, to: descriptor)
            return false
        case .close: return false
        }
    }
}
