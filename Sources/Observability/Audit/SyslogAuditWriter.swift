import Glibc
import Synchronization

/// Sends audit lines to a syslog server, one message each, and connects again when the connection is lost.
///
/// A line counts as written when the system has taken its whole message. Over TCP that is no receipt: what was under way when a
/// connection broke is missing at the server, where the chain shows it. UDP and a full Unix datagram socket tell even less.
package final class SyslogAuditWriter: AuditWriter {
    private struct State: ~Copyable {
        var socket: SyslogSocket?
        var retryNanoseconds: Int64 = 0
        var failures = 0
        var fault: AuditFault
        /// What the server has not taken yet of the message of the line that is offered next.
        var rest: [UInt8] = []
        var message = [UInt8](repeating: 0, count: SyslogMessage.headBytesMax + AuditLine.bytesMax + 1024)
    }

    private static let firstRetryNanoseconds: Int64 = 100_000_000
    private static let longestRetryNanoseconds: Int64 = 5_000_000_000

    private let address: SyslogAddress
    private let message: SyslogMessage
    private let nowNanoseconds: @Sendable () -> Int64
    private let state: Mutex<State>

    /// - Parameters:
    ///   - facility: 0 to 23.
    ///   - node: the host name in the messages.
    package init(
        _ address: SyslogAddress, facility: Int, node: String,
        nowNanoseconds: @escaping @Sendable () -> Int64 = Timestamp.monotonicNanoseconds
    ) {
        self.address = address
        message = SyslogMessage(facility: facility, node: node, processId: getpid())
        self.nowNanoseconds = nowNanoseconds
        state = Mutex(State(fault: AuditFault("syslog at \(address) is not connected yet")))
    }

    package func prepare(bytes: Int) -> AuditPlace {
        state.withLock { state in
            if let socket = state.socket {
                guard let fault = socket.fault() else { return .same }
                drop(&state, fault)
            }
            return connect(&state) ? .new : .away(state.fault)
        }
    }

    package func write(_ lines: UnsafeRawBufferPointer) -> AuditWriting {
        state.withLock { state in
            guard state.socket != nil || connect(&state) else { return AuditWriting(bytes: 0, fault: state.fault) }
            let isBegun = !state.rest.isEmpty
            if let fault = finishMessage(&state) { return AuditWriting(bytes: 0, fault: fault) }
            var taken = 0
            let bytes = lines.bindMemory(to: UInt8.self)
            if isBegun, let end = bytes.firstIndex(of: UInt8(ascii: "\n")) { taken = end + 1 }
            while let end = bytes[taken...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = UnsafeBufferPointer(rebasing: bytes[taken..<end])
                if let fault = send(line, &state) { return AuditWriting(bytes: taken, fault: fault) }
                taken = end + 1
            }
            return AuditWriting(bytes: taken)
        }
    }

    package func finish() {
        state.withLock { state in
            state.socket = nil
            state.rest = []
            state.retryNanoseconds = 0
        }
    }

    private func connect(_ state: inout State) -> Bool {
        let now = nowNanoseconds()
        guard now >= state.retryNanoseconds else { return false }
        do throws(AuditFault) {
            state.socket = try SyslogSocket(address)
            state.rest = []
            state.failures = 0
            return true
        } catch {
            let wait = min(Self.longestRetryNanoseconds, Self.firstRetryNanoseconds << Int64(min(state.failures, 6)))
            state.failures += 1
            state.retryNanoseconds = now + wait
            state.fault = error
            return false
        }
    }

    private func drop(_ state: inout State, _ fault: AuditFault) {
        state.socket = nil
        state.fault = fault
        // The old connection had a part of a message; the next one gets the whole.
        state.rest = []
    }

    /// Sends one message; a stream that has taken a part of it is owed the rest.
    private func send(_ line: UnsafeBufferPointer<UInt8>, _ state: inout State) -> AuditFault? {
        guard let source = line.baseAddress, let socket = state.socket else { return state.fault }
        let room = SyslogMessage.headBytesMax + line.count
        if state.message.count < room { state.message = [UInt8](repeating: 0, count: room) }
        var sent: SyslogSocket.Sent = .all
        var left: [UInt8] = []
        state.message.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            // The header is written behind a gap for the count, which is known once the header is.
            let start = base + Self.countBytesMax
            var cursor = LineCursor(start)
            message.writeHead(of: line, to: &cursor)
            cursor.append(bytes: source, count: line.count)
            let length = cursor.position - start
            let first = socket.countsOctets ? Self.writeCount(length, before: start) : start
            let whole = UnsafeRawBufferPointer(start: first, count: cursor.position - first)
            sent = socket.send(whole)
            if case .part(let count, _) = sent, count > 0 { left = Array(whole[count...]) }
        }
        switch sent {
        case .all: return nil
        case .part(_, let fault):
            state.fault = fault
            state.rest = left
            return fault
        case .lost(let fault):
            drop(&state, fault)
            return fault
        }
    }

    /// Sends the rest of a message whose beginning the server has.
    private func finishMessage(_ state: inout State) -> AuditFault? {
        guard !state.rest.isEmpty, let socket = state.socket else { return nil }
        switch state.rest.withUnsafeBytes(socket.send) {
        case .all:
            state.rest = []
            return nil
        case .part(let count, let fault):
            state.rest.removeFirst(count)
            return fault
        case .lost(let fault):
            drop(&state, fault)
            return fault
        }
    }

    private static let countBytesMax = 12

    /// `LENGTH SP` in front of a message.
    private static func writeCount(
        _ length: Int, before start: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        let text = Array("\(length) ".utf8)
        let first = start - text.count
        for (index, byte) in text.enumerated() { first[index] = byte }
        return first
    }
}
