import Testing

@testable import RedisState

@Suite("Replies")
struct RedisValueTests {
    @Test("an error's first word is its kind")
    func errors() {
        let moved = RedisServerError(line: "MOVED 3999 127.0.0.1:6381")
        #expect(moved.kind == "MOVED" && moved.message == "3999 127.0.0.1:6381")
        #expect(RedisServerError(line: "ERR").description == "ERR")
    }

    @Test("a script is found by the SHA-1 of its text")
    func digest() {
        let script = RedisScript(name: "one", text: "return 1")
        #expect(String(decoding: script.digest, as: UTF8.self) == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db")
    }
}
