import Foundation
import Glibc
import NIOCore
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("A call to a worker")
    struct UpstreamCallTests {
        private static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

        /// Reads a request, answers nothing, and counts when its peer is gone.
        private func silent(_ gone: Counter) -> RawWorker {
            RawWorker { socket, requests in
                _ = try requests.next()
                if try socket.isClosedByPeer() { gone.add() }
            }
        }

        @Test("ends at its deadline, and its connection with it")
        func timeout() async throws {
            let gone = Counter()
            let worker = silent(gone)
            let pool = TestPool()
            #expect(await pool.call(worker.port, withinMilliseconds: 50).failure == .timedOut)
            #expect(await eventually { gone.value == 1 })
            #expect(await eventually { await pool.counts() == [0, 0, 0] })
            worker.stop()
        }

        @Test("ends when its task is cancelled, and its connection with it")
        func cancel() async throws {
            let gone = Counter()
            let worker = silent(gone)
            let pool = TestPool()
            let call = pool.start(worker.port)
            #expect(await eventually { worker.accepted.value == 1 })
            call.cancel()
            #expect(await call.value.failure == .cancelled)
            #expect(await eventually { gone.value == 1 })
            #expect(await eventually { await pool.counts() == [0, 0, 0] })
            worker.stop()
        }

        @Test("of a task that is cancelled already reaches nobody")
        func cancelledBefore() async throws {
            let worker = RawWorker.answering(Self.hello)
            let pool = TestPool()
            let occupied = Gate()
            // The loop starts the task only when this is over.
            pool.loop.execute { while !occupied.isOpen { usleep(500) } }
            let call = pool.start(worker.port)
            call.cancel()
            occupied.open()
            #expect(await call.value.failure == .cancelled)
            #expect(await pool.addressCount() == 0)
            #expect(worker.accepted.value == 0)
            worker.stop()
        }

        @Test("can end while it connects, by its deadline, by cancellation or with the pool")
        func whileConnecting() async throws {
            let full = FullBacklog()
            defer { full.stop() }
            var limits = UpstreamLimits()
            limits.connectTimeoutMilliseconds = 600
            let pool = TestPool(limits)
            #expect(await pool.call(full.port, withinMilliseconds: 50).failure == .timedOut)
            let call = pool.start(full.port)
            #expect(await eventually { await pool.counts()[0] == 2 })
            call.cancel()
            #expect(await call.value.failure == .cancelled)
            #expect(await pool.call(full.port).failure == .connectFailed)
            #expect(await eventually { await pool.addressCount() == 0 })
            let last = pool.start(full.port)
            #expect(await eventually { await pool.counts()[0] == 1 })
            await pool.shutDown()
            let begun = ContinuousClock.now
            #expect(await last.value.failure == .connectFailed)
            #expect(ContinuousClock.now - begun < .milliseconds(500))
            #expect(await eventually { await pool.addressCount() == 0 })
        }

        @Test("waits for a connection when there are as many as may be, in a queue with an end")
        func queue() async throws {
            var limits = UpstreamLimits()
            limits.connectionsPerAddressMax = 1
            limits.waitersPerAddressMax = 3
            let gate = Gate()
            let worker = RawWorker { socket, requests in
                while try requests.next() != nil {
                    while !gate.isOpen { usleep(1000) }
                    try socket.send(Self.hello)
                }
            }
            let pool = TestPool(limits)
            let first = pool.start(worker.port)
            #expect(await eventually { worker.accepted.value == 1 })
            let waiting = pool.start(worker.port)
            let late = pool.start(worker.port, withinMilliseconds: 30)
            let cancelled = pool.start(worker.port)
            #expect(await eventually { await pool.counts()[2] >= 2 })
            cancelled.cancel()
            #expect(await cancelled.value.failure == .cancelled)
            #expect(await late.value.failure == .timedOut)
            #expect(await eventually { await pool.counts() == [1, 0, 1] })
            let more = [pool.start(worker.port), pool.start(worker.port)]
            #expect(await eventually { await pool.counts() == [1, 0, 3] })
            #expect(await pool.call(worker.port).failure == .overloaded)
            gate.open()
            for call in [first, waiting] + more { #expect(await call.value.text == "hello") }
            #expect(worker.accepted.value == 1)
            await pool.shutDown()
            worker.stop()
        }

        @Test("that waits gets a connection of its own when the one before is lost")
        func waiterAfterLoss() async throws {
            var limits = UpstreamLimits()
            limits.connectionsPerAddressMax = 1
            let gate = Gate()
            let worker = RawWorker { socket, requests in
                _ = try requests.next()
                while !gate.isOpen { usleep(1000) }
            }
            let pool = TestPool(limits)
            let calls = (0..<3).map { _ in pool.start(worker.port) }
            #expect(await eventually { await pool.counts() == [1, 0, 2] })
            gate.open()
            for call in calls { #expect(await call.value.failure == .connectionLost) }
            #expect(worker.accepted.value == 3)
            #expect(await eventually { await pool.addressCount() == 0 })
            worker.stop()
        }

        @Test("fails with the pool, whether it runs, waits or comes later")
        func shutDown() async throws {
            var limits = UpstreamLimits()
            limits.connectionsPerAddressMax = 1
            let gone = Counter()
            let worker = silent(gone)
            let pool = TestPool(limits)
            let running = pool.start(worker.port)
            #expect(await eventually { worker.accepted.value == 1 })
            let waiting = pool.start(worker.port)
            #expect(await eventually { await pool.counts() == [1, 0, 1] })
            await pool.shutDown()
            #expect(await running.value.failure == .connectionLost)
            #expect(await waiting.value.failure == .connectFailed)
            #expect(await pool.call(worker.port).failure == .connectFailed)
            #expect(await eventually { await pool.addressCount() == 0 })
            #expect(worker.accepted.value == 1)
            worker.stop()
        }
    }
}

/// A listener that accepts nothing and whose queue is full: connecting to it goes on until somebody gives up.
private final class FullBacklog {
    let port: Int
    private let listener: Int32
    private var fillers: [Int32] = []

    init() {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        port = RawWorker.listen(listener, backlog: 0)
        for _ in 0..<4 {
            let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            RawSocket.withLoopback(port: port) { _ = connect(filler, $0, $1) }
            fillers.append(filler)
        }
    }

    func stop() { for descriptor in fillers + [listener] { close(descriptor) } }
}
