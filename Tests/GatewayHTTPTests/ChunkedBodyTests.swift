import Testing

@testable import GatewayHTTP

@Suite("A chunked body")
struct ChunkedBodyTests {
    @Test("is the same in pieces of every size", arguments: 1...40)
    func pieces(_ size: Int) throws {
        let text = "5\r\nhello\r\n0A\r\n0123456789\r\n1\r\n!\r\n0\r\n\r\nNEXT"
        let result = try readChunks(Array(text.utf8), pieceBytes: size).get()
        #expect(String(decoding: result.body, as: UTF8.self) == "hello0123456789!")
        #expect(result.isComplete)
        #expect(result.consumed == text.utf8.count - 4)
    }

    @Test("may be empty, and its size may have zeros in front")
    func sizes() throws {
        #expect(try readChunks(Array("0\r\n\r\n".utf8)).get().body.isEmpty)
        #expect(try readChunks(Array("0000000a\r\n0123456789\r\n000\r\n\r\n".utf8)).get().body.count == 10)
    }

    @Test(
        "S16 is refused when anything in it could be read in two ways",
        arguments: [
            "5;ext=1\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n",
            "0x5\r\nhello\r\n0\r\n\r\n",
            "+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\rhello\r\n0\r\n\r\n",
            "5\r\nhello\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n",
            "0\r\nTrailer: x\r\n\r\n", "0\r\n\n", "0\n\r\n", "g\r\n", "5\r\nhellox\r\n0\r\n\r\n", "0\r\nG",
            "00000000000000005\r\nhello\r\n0\r\n\r\n",
        ])
    func refusals(_ text: String) {
        guard case .failure(.malformed) = readChunks(Array(text.utf8)) else {
            Issue.record("accepted")
            return
        }
    }

    @Test(
        "S16 is refused when a size overflows or the sum is too large",
        arguments: [
            "3e9\r\n", "ffffffffffffffff\r\n", "10000000000000005\r\nhello", "7fffffffffffffff\r\n",
            "1f4\r\n" + String(repeating: "a", count: 500) + "\r\n1f5\r\n",
        ])
    func overflow(_ text: String) {
        guard case .failure(.tooLarge) = readChunks(Array(text.utf8), bytesMax: 1000) else {
            Issue.record("accepted")
            return
        }
    }

    @Test("of exactly the largest size is accepted")
    func largest() throws {
        let text = "3e8\r\n" + String(repeating: "a", count: 1000) + "\r\n0\r\n\r\n"
        #expect(try readChunks(Array(text.utf8), bytesMax: 1000).get().body.count == 1000)
    }
}
