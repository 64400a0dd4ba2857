import Testing

@testable import GatewayHTTP

/// Bytes lie at the end of their allocation, so that the address sanitizer would see a read behind them.
@Suite("Mutated bytes never crash")
struct ParserFuzzTests {
    private static let requests = [
        request("Content-Length: 12", "Authorization: Bearer abc.def.ghi", "traceparent: 00-ab-cd-01"),
        request("Transfer-Encoding: chunked", "Expect: 100-continue", "Connection: keep-alive, close"),
        "GET /api/v1/agents HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ]
    private static let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.0 204 \r\nConnection: close, x\r\n\r\n",
    ]

    @Test("the request head's parser, for any bytes that end in an empty line")
    func requestHeads() {
        var accepted = 0
        fuzz(Self.requests, seed: 11) { bytes in
            let whole = bytes + [0x0D, 0x0A, 0x0D, 0x0A]
            guard let end = headEnd(whole) else {
                Issue.record("no end")
                return
            }
            for slice in [Array(whole[..<end]), whole] {
                guard case .success(let head) = parseHead(slice) else { continue }
                accepted += 1
                #expect(head.target.range.upperBound <= slice.count && head.method.range.upperBound <= slice.count)
                #expect(head.authorization.range.upperBound <= slice.count && head.host.range.upperBound <= slice.count)
            }
        }
        #expect(accepted > 100)
    }

    @Test("the answer head's parser, for any bytes that end in an empty line")
    func answerHeads() {
        var accepted = 0
        fuzz(Self.answers, seed: 12) { bytes in
            let whole = bytes + [0x0D, 0x0A, 0x0D, 0x0A]
            guard let end = headEnd(whole) else {
                Issue.record("no end")
                return
            }
            for slice in [Array(whole[..<end]), whole] {
                if case .success = parseAnswer(slice) { accepted += 1 }
            }
        }
        #expect(accepted > 100)
    }

    @Test("the reader of chunked bodies, whose verdict does not depend on the pieces")
    func chunkedBodies() {
        var random = SplitMix64(seed: 13)
        var accepted = 0
        fuzz(
            ["5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n", "0\r\n\r\n", "00f\r\n0123456789abcde\r\n0\r\n\r\nGET /"],
            seed: 14
        ) { bytes in
            let whole = readChunks(bytes, bytesMax: 64)
            let pieces = readChunks(bytes, pieceBytes: Int.random(in: 1...5, using: &random), bytesMax: 64)
            switch (whole, pieces) {
            case (.success(let one), .success(let other)):
                accepted += 1
                #expect(one == other)
                #expect(one.body.count <= 64 && one.consumed <= bytes.count)
            case (.failure(let one), .failure(let other)): #expect(one == other)
            default: Issue.record("the pieces decided")
            }
        }
        #expect(accepted > 100)
    }

    private func fuzz(_ seeds: [String], seed: UInt64, _ body: ([UInt8]) -> Void) {
        var random = SplitMix64(seed: seed)
        for round in 0..<20_000 {
            body(Mutation.mutate(Array(seeds[round % seeds.count].utf8), using: &random))
        }
    }
}
