import Foundation
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("The connections of a pool")
    struct UpstreamConnectionTests {
        private static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

        @Test("are used again, and the request is written anew")
        func reuse() async throws {
            let seen = Counter()
            let worker = RawWorker { socket, requests in
                while let request = try requests.next() {
                    let expected = ["host", "content-type", "content-length", "x-test"]
                    guard request.firstLine == "POST /execute-agent HTTP/1.1",
                        request.headers.keys.sorted() == expected.sorted(),
                        request.body == "{\"é\":1}"
                    else { return }
                    seen.add()
                    try socket.send(Self.hello)
                }
            }
            let pool = TestPool()
            for _ in 0..<5 { #expect(await pool.call(worker.port, body: "{\"é\":1}").text == "hello") }
            #expect(worker.accepted.value == 1 && seen.value == 5)
            #expect(await pool.counts() == [1, 1, 0])
            await pool.shutDown()
            worker.stop()
        }

        @Test("are found by a name as well as by an address")
        func byName() async throws {
            let worker = RawWorker.answering(Self.hello)
            let pool = TestPool()
            #expect(await pool.call(worker.port, host: "localhost").text == "hello")
            await pool.shutDown()
            worker.stop()
        }

        @Test("are not opened to an address that may not be called")
        func admits() async throws {
            let worker = RawWorker.answering(Self.hello)
            let pool = TestPool(admits: { $0 != [127, 0, 0, 1] })
            #expect(await pool.call(worker.port).failure == .connectFailed)
            #expect(await eventually { await pool.addressCount() == 0 })
            worker.stop()
        }

        @Test(
            "are not used again when the answer says so, when bytes follow it, or when their worker closed them",
            arguments: [
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x, close\r\n\r\nhello",
                "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                hello + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
            ])
        func notReused(_ text: String) async throws {
            let worker = RawWorker.answering(text)
            let pool = TestPool()
            for number in 1...3 {
                #expect(await pool.call(worker.port).text == "hello")
                #expect(worker.accepted.value == number)
            }
            #expect(await eventually(withinSeconds: 2) { await pool.counts() == [0, 0, 0] })
            worker.stop()
        }

        @Test("are not used again when the answer came before the request was taken")
        func answeredEarly() async throws {
            let done = Gate()
            let worker = RawWorker { socket, _ in
                _ = try socket.read(max: 100)
                try socket.send(Self.hello)
                while !done.isOpen { usleep(1000) }
            }
            let pool = TestPool()
            let large = String(repeating: "a", count: 16 << 20)
            #expect(await pool.call(worker.port, body: large).text == "hello")
            #expect(await eventually(withinSeconds: 2) { await pool.counts() == [0, 0, 0] })
            #expect(await pool.call(worker.port).text == "hello")
            #expect(worker.accepted.value == 2)
            done.open()
            await pool.shutDown()
            worker.stop()
        }

        @Test(
            "that a worker closed or wrote to while idle are gone, and the next call opens another",
            arguments: [true, false])
        func endedWhileIdle(byBytes: Bool) async throws {
            let gate = Gate()
            let worker = RawWorker { socket, requests in
                _ = try requests.next()
                try socket.send(Self.hello)
                while !gate.isOpen { usleep(1000) }
                if byBytes {
                    try socket.send(Self.hello.replacing("hello", with: "evil!"))
                    _ = try socket.read()
                }
            }
            let pool = TestPool()
            #expect(await pool.call(worker.port).text == "hello")
            #expect(await pool.counts() == [1, 1, 0])
            gate.open()
            #expect(await eventually(withinSeconds: 2) { await pool.counts() == [0, 0, 0] })
            #expect(await pool.call(worker.port).text == "hello")
            #expect(worker.accepted.value == 2)
            await pool.shutDown()
            worker.stop()
        }

        @Test("that nobody needs are closed after their idle time, and the pool forgets their address")
        func idleTimeout() async throws {
            var limits = UpstreamLimits()
            limits.idleTimeoutMilliseconds = 50
            let worker = RawWorker.answering(Self.hello)
            let pool = TestPool(limits)
            #expect(await pool.call(worker.port).text == "hello")
            #expect(await eventually { await pool.addressCount() == 0 })
            worker.stop()
        }

        @Test("that do not come about fail the call, and the pool forgets their address")
        func refused() async throws {
            let pool = TestPool()
            for _ in 0..<20 { #expect(await pool.call(RawWorker.closedPort()).failure == .connectFailed) }
            #expect(await eventually { await pool.addressCount() == 0 })
            #expect(await pool.call(80, host: "no-such-host.invalid").failure == .connectFailed)
            #expect(await eventually { await pool.addressCount() == 0 })
        }
    }
}
