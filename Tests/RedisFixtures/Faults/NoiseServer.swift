import Foundation

/// A server of a test that answers with bytes of the test's choice: rubbish, half replies, errors of Redis.
package final class NoiseServer: Sendable {
    /// A command as it came in.
    package struct Command: Sendable {
        /// The connection it came on, from 0.
        package let connection: Int
        /// Its place among the commands of that connection, from 0.
        package let index: Int
        package let words: [[UInt8]]

        /// The first word, in capitals.
        package var name: String { texts.first?.uppercased() ?? "" }
        package var texts: [String] { words.map { String(decoding: $0, as: UTF8.self) } }
    }

    package let port: Int
    private let listener: Int32
    private let shared: NoiseConnections

    /// Listens on a free port.
    ///
    /// - Parameters:
    ///   - greeting: what a new connection gets before it asked anything.
    ///   - reply: the answer to a command; called on the connection's own thread, so it may block.
    package init(
        greeting: NoiseReply = .nothing, reply: @escaping @Sendable (Command) -> NoiseReply
    ) throws {
        port = try FreePorts.next()
        let listener = try LocalSocket.listening(on: port)
        self.listener = listener
        let shared = NoiseConnections(greeting, reply)
        self.shared = shared
        Thread.detachNewThread {
            while let descriptor = LocalSocket.accepted(from: listener) {
                guard let number = shared.add(descriptor) else {
                    close(descriptor)
                    break
                }
                Thread.detachNewThread { shared.serve(descriptor, number) }
            }
            close(listener)
        }
    }

    deinit { end() }

    /// Every command so far, in the order of arrival.
    package var commands: [Command] { shared.commands }
    /// How many connections there were.
    package var connections: Int { shared.count }

    /// Closes everything, for good.
    package func end() { shared.end(listener) }
}
