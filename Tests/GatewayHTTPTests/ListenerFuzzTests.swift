import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("Mutated requests at a live listener")
    struct ListenerFuzzTests {
        @Test(
            "end in answers or in the end of the connection, and an ordinary request still works",
            .timeLimit(.minutes(2)))
        func mutated() async throws {
            var limits = HTTPLimits()
            limits.headerTimeoutMilliseconds = 100
            limits.requestTimeoutMilliseconds = 100
            limits.idleTimeoutMilliseconds = 100
            let seeds = [
                request("Content-Length: 7") + "{\"a\":1}",
                request("Transfer-Encoding: chunked") + "7\r\n{\"a\":1}\r\n0\r\n\r\n",
                request(method: "GET", target: "/api/v1/agents") + request("Content-Length: 2") + "{}",
            ].map { Array($0.utf8) }
            try await TestServer.run(
                limits: limits,
                during: { server in
                    var random = SplitMix64(seed: 77)
                    for round in 0..<300 {
                        let socket = try server.connect(timeoutMilliseconds: 5000)
                        socket.trySend(Mutation.mutate(seeds[round % seeds.count], using: &random))
                        // Some clients wait for the listener to give up on what is missing.
                        if round % 10 != 0 { socket.finishSending() }
                        let answer = try socket.readToEnd()
                        #expect(answer.isEmpty || answer.starts(with: "HTTP/1.1 ".utf8))
                    }
                    #expect(try server.body(of: request("Content-Length: 2") + "{}") == "{}")
                })
        }
    }
}
