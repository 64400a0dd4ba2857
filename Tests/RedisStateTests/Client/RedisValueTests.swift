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

@Suite("Errors of a server")
struct RedisServerErrorTests {
    @Test("what a script was refused with is told by its kind, by older servers too")
    func scripts() {
        let new = RedisServerError(
            line: "READONLY You can't write against a read only replica. script: 1, on @user_script:9.")
        #expect(new.kind == "READONLY" && new.endsConnection)
        let old = RedisServerError(
            line: "ERR Error running script (call to f_1): @user_script:9: @user_script: 9: -READONLY You can't write")
        #expect(old.kind == "READONLY" && old.endsConnection)
        #expect(RedisServerError(line: "ERR Error running script (call to f_1): - -x -X1 what").kind == "ERR")
        #expect(RedisServerError(line: "ERR no -OOM here").kind == "ERR")
        #expect(RedisServerError(line: "").kind == "")
    }
}
