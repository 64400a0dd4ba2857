import Foundation
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import GatewayHTTP

@Suite("A listener for which the system has no connection")
struct AcceptTroubleTests {
    /// Stands where the socket does, and counts how often it is asked for a connection.
    private final class Socket: ChannelOutboundHandler, Sendable {
        typealias OutboundIn = Never
        let accepts = Counter()

        func read(context: ChannelHandlerContext) { accepts.add() }
    }

    private struct Listener {
        let channel = EmbeddedChannel()
        let socket = Socket()
        let gauges = ServerGauges(HTTPLimits())
        let notices = Notices()

        init() throws {
            let pause = AcceptTrouble.handler(counting: gauges) { [notices] in notices.add($0) }
            try channel.pipeline.syncOperations.addHandlers([socket, pause])
        }

        /// The system fails once, and the channel asks again, as a channel does that reads by itself.
        func fail(_ code: Int32) {
            channel.pipeline.syncOperations.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
            channel.pipeline.syncOperations.read()
        }

        /// Lets so much time pass since now; the handler reads the real clock, the loop this one.
        func pass(milliseconds: Int64) {
            channel.embeddedEventLoop.advanceTime(to: .now() + .milliseconds(milliseconds))
        }
    }

    private final class Notices: Sendable {
        private let all = Mutex<[ServerNotice]>([])
        var list: [ServerNotice] { all.withLock { $0 } }
        func add(_ notice: ServerNotice) { all.withLock { $0.append(notice) } }
    }

    @Test("pauses, is there again behind the pause, and says so once", arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func pause(code: Int32) throws {
        let listener = try Listener()
        for round in 1...3 {
            listener.fail(code)
            // Asked again in its pause, it does not accept twice behind it.
            listener.channel.pipeline.syncOperations.read()
            #expect(listener.socket.accepts.value == round - 1)
            listener.pass(milliseconds: AcceptTrouble.pauseMilliseconds + 1)
            #expect(listener.socket.accepts.value == round)
        }
        #expect(listener.gauges.acceptFailures == 3)
        #expect(listener.notices.list.count == 1)
        guard case .acceptFailed(1, let reason)? = listener.notices.list.first else {
            Issue.record("\(listener.notices.list)")
            return
        }
        #expect(reason.contains("errno: \(code)"), "\(reason)")
    }

    @Test("does not let one caller's trouble pause it", arguments: [ECONNABORTED, EINTR])
    func oneCaller(code: Int32) throws {
        let listener = try Listener()
        listener.fail(code)
        #expect(listener.socket.accepts.value == 1)
        #expect(listener.gauges.acceptFailures == 0)
        #expect(listener.notices.list.isEmpty)
    }

    @Test("is reported once a minute with the number of its failures")
    func reports() {
        var trouble = AcceptTrouble()
        let minute = AcceptTrouble.reportIntervalNanoseconds
        let rows: [(Int64, Int?)] = [
            (5, 1), (6, nil), (minute, nil), (minute + 4, nil), (minute + 5, 4), (minute + 6, nil),
            (3 * minute, 2),
        ]
        for (now, count) in rows { #expect(trouble.failed(nowNanoseconds: now) == count, "at \(now)") }
    }
}
