import Foundation
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("An answer of a worker")
    struct UpstreamAnswerTests {
        private func call(_ worker: RawWorker, _ limits: UpstreamLimits = UpstreamLimits()) async -> Result<
            UpstreamAnswer, UpstreamFailure
        > {
            let pool = TestPool(limits)
            let result = await pool.call(worker.port, withinMilliseconds: 3000)
            await pool.shutDown()
            worker.stop()
            #expect(await eventually { await pool.counts() == [0, 0, 0] })
            #expect(await pool.addressCount() == 0)
            return result
        }

        @Test(
            "is read in every form that HTTP has for its end",
            arguments: [
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\n\r\nhello", "HTTP/1.0 200 OK\r\n\r\nhello",
                "HTTP/1.1 200\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            ])
        func forms(_ text: String) async throws {
            #expect(await call(.answeringOnce(text)).text == "hello")
        }

        @Test("is read when it comes byte by byte")
        func byteByByte() async throws {
            let worker = RawWorker { socket, requests in
                _ = try requests.next()
                let text =
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                for byte in text.utf8 { try socket.send([byte]) }
            }
            let answer = try await call(worker).get()
            #expect(answer == UpstreamAnswer(status: 201, body: Array("hello".utf8)))
        }

        @Test("has no body when its status has none", arguments: ["204 No Content", "304 Not Modified"])
        func noBody(_ status: String) async throws {
            #expect(try await call(.answering("HTTP/1.1 \(status)\r\n\r\n")).get().body.isEmpty)
        }

        @Test(
            "is refused when it is not HTTP, or could be read in two ways",
            arguments: [
                "garbage\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
            ])
        func refused(_ text: String) async throws {
            #expect(await call(.answering(text)).isBadResponse)
        }

        @Test(
            "is refused when it is larger than may be, whatever its form",
            arguments: [
                "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n",
                "HTTP/1.1 200 OK\r\n\r\n12345678901",
            ])
        func tooLarge(_ text: String) async throws {
            var limits = UpstreamLimits()
            limits.bodyBytesMax = 10
            #expect(await call(.answering(text), limits).failure == .responseTooLarge)
        }

        @Test("is refused when its head has no end")
        func endlessHead() async throws {
            var limits = UpstreamLimits()
            limits.headerBytesMax = 1000
            #expect(
                await call(.answering("HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 2000)), limits)
                    .isBadResponse)
        }

        @Test(
            "that ends too early is a lost connection",
            arguments: [
                "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
                "HTTP/1.1 100 Continue\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            ])
        func early(_ text: String) async throws {
            #expect(await call(.answeringOnce(text)).failure == .connectionLost)
        }

        @Test("that ends with its connection is lost when that was reset: part of a body is no body")
        func reset() async throws {
            let read = Gate()
            let worker = RawWorker { socket, requests in
                _ = try requests.next()
                try socket.send("HTTP/1.1 200 OK\r\n\r\nhalf of ")
                // The reset must not overtake the bytes: it comes when the test says so.
                socket.resetAtEnd()
                while !read.isOpen { usleep(1000) }
            }
            let pool = TestPool()
            let call = pool.start(worker.port)
            #expect(await eventually { await pool.bodyHasBegun() })
            read.open()
            #expect(await call.value.failure == .connectionLost)
            worker.stop()
        }

        @Test("that ends with its connection is lost when the pool is shut down")
        func shutDownInside() async throws {
            let worker = RawWorker { socket, requests in
                _ = try requests.next()
                try socket.send("HTTP/1.1 200 OK\r\n\r\nhalf of ")
                _ = try socket.read()
            }
            let pool = TestPool()
            let call = pool.start(worker.port)
            #expect(await eventually { await pool.bodyHasBegun() })
            await pool.shutDown()
            #expect(await call.value.failure == .connectionLost)
            worker.stop()
        }
    }
}
