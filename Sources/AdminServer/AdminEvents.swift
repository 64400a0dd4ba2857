import Gateway
import GatewayHTTP
import Identity
import IntentProtocol
import Synchronization

/// What the console follows: an overview of the node each second, as server-sent events.
///
/// All streams are told the same overview, made once; a reader that is slow is told less often and costs no memory.
final class AdminEvents: Sendable {
    /// Streams at a time; one that comes beyond is refused.
    static let streamsMax = 16
    /// How long a stream goes on before its reader has to show again who it is.
    static let streamSecondsMax: Int64 = 900
    /// Between two overviews.
    private static let intervalNanoseconds: Int64 = 1_000_000_000

    private struct State {
        var openStreams = 0
        var event: [UInt8] = []
        /// nil before the first one.
        var madeAtNanoseconds: Int64?
    }

    private let operations: any AdminOperations
    private let clock: AdminClock
    private let state = Mutex(State())

    init(_ operations: any AdminOperations, _ clock: AdminClock) {
        self.operations = operations
        self.clock = clock
    }

    /// The stream of somebody who may read.
    func answer(
        to caller: AdminCaller, _ read: AdminRead, _ connection: ArrivalConnection
    ) throws(AdminRefusal) -> HTTPAnswer {
        let isOpened = state.withLock { state in
            guard state.openStreams < Self.streamsMax else { return false }
            state.openStreams += 1
            return true
        }
        guard isOpened else {
            throw AdminRefusal(
                503, "TOO_MANY_STREAMS", "\(Self.streamsMax) consoles follow this node already; close one",
                retryAfterSeconds: 10)
        }
        let slot = Slot(self)
        let endSeconds = min(
            clock.unixNanoseconds() / 1_000_000_000 + Self.streamSecondsMax, caller.token?.expiresAtSeconds ?? .max,
            caller.service == nil ? .max : connection.certificateEndSeconds)
        var answer = AdminHandler.answer(Self.event("caller", caller.json))
        answer.contentType = "text/event-stream; charset=utf-8"
        let isFirst = Atomic(true)
        answer.next = {
            guard !isFirst.exchange(false, ordering: .relaxed) || Task.isCancelled else {
                return await slot.events.overview(read)
            }
            try? await Task.sleep(for: .nanoseconds(Self.intervalNanoseconds))
            guard !Task.isCancelled, slot.events.clock.unixNanoseconds() / 1_000_000_000 < endSeconds else {
                return nil
            }
            return await slot.events.overview(read)
        }
        return answer
    }

    /// One of ``streamsMax``, for as long as somebody holds it.
    private final class Slot: Sendable {
        let events: AdminEvents

        init(_ events: AdminEvents) { self.events = events }

        deinit { events.state.withLock { $0.openStreams -= 1 } }
    }

    private func overview(_ read: AdminRead) async -> [UInt8] {
        let now = clock.monotonicNanoseconds()
        let known = state.withLock { state in
            // Half an interval, so that streams which began at different times share what they are told.
            state.madeAtNanoseconds.map { now - $0 < Self.intervalNanoseconds / 2 } == true ? state.event : nil
        }
        if let known { return known }
        let event = Self.event("overview", await operations.read(read).body)
        state.withLock { state in
            state.event = event
            state.madeAtNanoseconds = now
        }
        return event
    }

    /// JSON has no line ends outside of its texts, and inside they are escaped.
    private static func event(_ name: String, _ value: JSONValue) -> [UInt8] {
        Array("event: \(name)\ndata: ".utf8) + value.encoded + Array("\n\n".utf8)
    }
}

extension AdminCaller {
    /// Who somebody is to the node, and what they may do.
    fileprivate var json: JSONValue {
        [
            "subject": token.map { .string($0.subject) } ?? .null,
            "principal": service.map { .string($0.principal) } ?? .null,
            "mayAct": .bool(role == .administrator),
            "isLocal": .bool(token == nil && service == nil),
        ]
    }
}
