import NIOCore
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("Pipelined requests")
    struct PipeliningTests {
        private func post(_ body: String) -> String { request("Content-Length: \(body.utf8.count)") + body }

        @Test("are answered in order, one at a time, also by a slow handler")
        func inOrder() async throws {
            let gate = Gate()
            try await TestServer.run { request, connection in
                if request.body == Array("1".utf8) { await gate.wait() }
                return HTTPAnswer(status: 200, body: request.body)
            } during: { server in
                let socket = try server.connect()
                try socket.send(post("1") + post("22") + request(target: "/nothing") + post("333"))
                #expect(await eventually { server.handled.value == 1 })
                gate.open()
                let answers = HTTPMessageReader(socket)
                #expect(try answers.next()?.body == "1")
                #expect(try answers.next()?.body == "22")
                #expect(try answers.next()?.status == 404)
                #expect(try answers.next()?.body == "333")
            }
        }

        @Test(
            "by the thousand do not fill the stack, answered at once or refused",
            arguments: ["/api/v1/intent", "/nothing"])
        func manyAtOnce(_ target: String) async throws {
            let gate = Gate()
            try await TestServer.run { request, connection in
                if request.body == Array("first".utf8) { await gate.wait() }
                return HTTPAnswer(status: 200, body: [])
            } during: { server in
                let socket = try server.connect()
                let one = "POST \(target) HTTP/1.1\r\nHost:\r\n\r\n"
                let count = 65_000 / one.utf8.count
                try socket.send(post("first"))
                #expect(await eventually { server.handled.value == 1 })
                try socket.send(String(repeating: one, count: count))
                gate.open()
                let answers = HTTPMessageReader(socket)
                #expect(try answers.next()?.status == 200)
                for _ in 0..<count { #expect(try answers.next()?.status == (target == "/nothing" ? 404 : 200)) }
            }
        }

        @Test("behind one that was answered at once are still cancelled when the caller goes away")
        func cancelSecond() async throws {
            let gate = Gate()
            let cancelled = Counter()
            try await TestServer.run { request, connection in
                guard request.body == Array("slow".utf8) else { return HTTPAnswer(status: 200, body: []) }
                await withTaskCancellationHandler {
                    await gate.wait()
                } onCancel: {
                    cancelled.add()
                }
                return HTTPAnswer(status: 200, body: [])
            } during: { server in
                do {
                    let socket = try server.connect()
                    try socket.send(post("quick") + post("slow"))
                    #expect(await eventually { server.handled.value == 2 })
                }
                #expect(await eventually { cancelled.value == 1 })
                gate.open()
            }
        }

        @Test("beyond what may wait stop the reading, and all are answered in the end")
        func pause() async throws {
            let gate = Gate()
            try await TestServer.run { request, connection in
                await gate.wait()
                return HTTPAnswer(status: 200, body: [UInt8(truncatingIfNeeded: request.body.count)])
            } during: { server in
                let socket = try server.connect()
                let body = String(repeating: "a", count: 50_000)
                let sender = Task.detached { [post] in
                    socket.trySend(Array(String(repeating: post(body), count: 60).utf8))
                }
                #expect(await eventually { server.handled.value == 1 })
                gate.open()
                let answers = HTTPMessageReader(socket)
                for _ in 0..<60 {
                    #expect(
                        try answers.next()?.body.unicodeScalars.first?.value
                            == UInt32(UInt8(truncatingIfNeeded: 50_000)))
                }
                #expect(await sender.value > 3_000_000)
            }
        }

        @Test("whose answers nobody reads stop being answered, and the connection ends at the write time-out")
        func slowReader() async throws {
            var limits = HTTPLimits()
            limits.writeTimeoutMilliseconds = 400
            let body = [UInt8](repeating: 0x61, count: 200_000)
            try await TestServer.run(limits: limits) { _, _ in
                HTTPAnswer(status: 200, body: body)
            } during: { server in
                let socket = try server.connect(timeoutMilliseconds: 2000, receiveBufferBytes: 4096)
                try socket.send(String(repeating: request(), count: 1000))
                #expect(await eventually(withinSeconds: 5) { server.server.gauges.openConnections == 0 })
                // Only what the buffers of the system took was ever made.
                #expect(server.handled.value < 100)
            }
        }

        @Test("that always leave half a request behind do not make the buffer grow")
        func bufferGrowth() {
            var buffer = ByteBuffer()
            for _ in 0..<2000 {
                var piece = ByteBuffer(repeating: 0x61, count: 10_000)
                buffer.receive(&piece)
                // All but a rest is read.
                buffer.moveReaderIndex(forwardBy: buffer.readableBytes - 100)
            }
            #expect(buffer.capacity < 100_000)
            #expect(buffer.readableBytes == 100)
        }
    }
}
