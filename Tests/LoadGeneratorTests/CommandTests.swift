import Foundation
import LoadGenerator
import RedisFixtures
import Testing

/// `intentusnet load` as a process: what it prints and how it ends.
@Suite("The command", .serialized)
struct CommandTests {
    private func simple(_ url: String, _ more: [String] = []) -> [String] {
        ["--gateway", url, "--rate", "100", "--duration", "500ms", "--intent", "Sum:1.0"] + more
    }

    @Test("a run that passes ends with 0, and writes the result and the page")
    func passes() async throws {
        let folder = try PrivateFolder()
        try await TestServer.run { _ in
            .status(200)
        } during: { server in
            let ended = try await LoadProcess.run(
                simple(
                    server.url,
                    [
                        "--payload", #"{"text":"x"}"#, "--token", "secret-token", "--fail-if", "p99>10s", "--fail-if",
                        "errors>0.1%",
                        "--json", folder.file("result.json"), "--html", folder.file("report.html"),
                    ]), in: folder)
            #expect(ended.code == 0, "\(ended.output)")
            #expect(ended.output.contains("passed p99>10s") && ended.output.contains("50 requests due"))
            let text = try Data(contentsOf: URL(fileURLWithPath: folder.file("result.json")))
            let result = try ended.result
            #expect(result.total.ok == 50 && result.thresholds.count == 2)
            let page = try String(contentsOfFile: folder.file("report.html"), encoding: .utf8)
            #expect(page.contains("</html>"))
            #expect(server.texts.first?.contains("authorization: Bearer secret-token") == true)
            for shown in [ended.output, page, String(decoding: text, as: UTF8.self)] {
                #expect(!shown.contains("secret-token"), "a token is shown")
            }
        }
    }

    @Test("a threshold that is broken ends with 1")
    func fails() async throws {
        let folder = try PrivateFolder()
        try await TestServer.run { _ in
            .status(503)
        } during: { server in
            let words = simple(server.url, ["--fail-if", "errors>0.1%", "--quiet"])
            let ended = try await LoadProcess.run(words, in: folder)
            #expect(ended.code == 1 && ended.output.contains("FAILED errors>0.1%: errors: 100.000 %"))
            #expect(!ended.output.contains("in flight"), "--quiet shows no progress")
        }
    }

    @Test(
        "what cannot be used ends with 2 and says why, before anything is sent",
        arguments: [
            (
                ["--scenario", "x", "--rate", "1"],
                "--rate and --duration belong together"
            ),
            (["--rate", "1"], "give --gateway"), (["--scenario", "/nowhere.yaml"], "cannot be read"),
            (["--gateway", "ftp://x", "--rate", "1", "--duration", "1s", "--intent", "Sum"], "is no gateway"),
            (
                ["--gateway", "http://a", "--rate", "1", "--duration", "1", "--intent", "Sum"],
                "--duration must be a time"
            ),
            (
                ["--gateway", "http://a", "--rate=-1", "--duration", "1s", "--intent", "Sum"],
                "arrivals[0].rate must be"
            ),
            (
                ["--gateway", "http://a", "--rate", "1", "--duration", "1s", "--intent", "Sum", "--payload", "{"],
                "--payload:"
            ),
            (
                [
                    "--gateway", "http://a", "--rate", "1", "--duration", "1s", "--intent", "Sum", "--fail-if",
                    "p99(x)>1s",
                ], "'x' is no"
            ),
            (
                ["--gateway", "http://a", "--rate", "1", "--duration", "1s", "--intent", "Sum", "--json", "/no/x"],
                "cannot be written"
            ),
            (
                ["--gateway", "http://a", "--rate", "1", "--duration", "1s", "--intent", "Sum", "--token", "a b"],
                "--token: the token"
            ),
        ])
    func unusable(words: [String], message: String) async throws {
        let ended = try await LoadProcess.run(words, in: try PrivateFolder())
        #expect(ended.code == 2 && ended.output.contains(message), "\(ended.code): \(ended.output)")
    }

    @Test("a gateway that is not reached ends with 3, a command line that is none with 64")
    func unreached() async throws {
        let folder = try PrivateFolder()
        let ended = try await LoadProcess.run(simple("http://127.0.0.1:1"), in: folder)
        #expect(ended.code == 3 && ended.output.contains("no connection to http://127.0.0.1:1"), "\(ended.output)")
        #expect(try await LoadProcess.run(["--rat", "1"], in: folder).code == 64)
    }

    @Test("Ctrl-C ends it with 130, and with a report of what was done")
    func interrupted() async throws {
        let folder = try PrivateFolder()
        try await TestServer.run { _ in
            .status(200)
        } during: { server in
            let words = [
                "--gateway", server.url, "--rate", "100", "--duration", "1h", "--intent", "Sum", "--json", "-",
                "--quiet",
            ]
            let ended = try await LoadProcess.run(words, in: folder, signal: SIGINT) { server.requestCount > 20 }
            #expect(ended.code == 130)
            let result = try JSONDecoder().decode(LoadResult.self, from: Data(ended.output.utf8))
            #expect(result.isInterrupted && result.total.ok == server.requestCount)
        }
    }

    @Test("whoever starts it can have it end with itself, although it begins itself anew")
    func orphan() async throws {
        let folder = try PrivateFolder()
        try await TestServer.run { _ in
            .status(200)
        } during: { server in
            let path = try BuiltCommand.path
            let parent = try SpawnedProcess(
                [
                    "sh", "-c",
                    "setpriv --pdeathsig KILL \(path) load --gateway \(server.url) --rate 100 --duration 1h --intent Sum "
                        + "--quiet & echo $!; wait",
                ], log: folder.file("parent.log"))
            for _ in 0..<2_000 where server.requestCount < 5 { try await Task.sleep(for: .milliseconds(5)) }
            let child = try #require(Int32(folder.tail(of: "parent.log").split(separator: "\n").first ?? ""))
            #expect(kill(child, 0) == 0 && server.requestCount >= 5)
            parent.kill9()
            defer { kill(child, SIGKILL) }
            for _ in 0..<2_000 where kill(child, 0) == 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(kill(child, 0) != 0, "the generator outlives who started it")
        }
    }

    @Test("a scenario's files are found beside it, and its mix is sent")
    func scenario() async throws {
        let folder = try PrivateFolder()
        _ = try folder.write("tokens.txt", "one\ntwo\n")
        _ = try folder.write("pay.json", #"{"amount": 1.50}"#)
        try await TestServer.run { _ in
            .status(200)
        } during: { server in
            let path = try folder.write(
                "load.yaml",
                """
                targets: [{ url: "\(server.url)", name: here }]
                arrivals: [{ rate: 100, endRate: 300, seconds: 0.5 }]
                spacing: poisson
                mix:
                  - { intent: Sum, weight: 1 }
                  - { name: pay, intent: Pay, payloadFile: pay.json, callers: [clerks] }
                callers: [{ name: clerks, tokenFile: tokens.txt }, { name: nobody }]
                failIf: ["p99(pay)>10s", "lost(here)>0%"]
                """)
            let ended = try await LoadProcess.run(["--scenario", path, "--seed", "9"], in: folder)
            #expect(ended.code == 0, "\(ended.output)")
            let texts = server.texts
            #expect(texts.contains { $0.contains("Bearer one") } && texts.contains { $0.contains("Bearer two") })
            #expect(texts.contains { $0.contains(#"{"amount": 1.50}"#) }, "the payload is as its file has it")
            #expect(ended.output.contains("caller clerks") && ended.output.contains("intent Pay:1.0"))
        }
    }

    @Test("minted tokens are many tenants'")
    func minted() async throws {
        let folder = try PrivateFolder()
        _ = try SpawnedProcess.run(
            [try BuiltCommand.path, "token", "mint", "--key", folder.file("key.pem")], in: folder)
        try await TestServer.run { _ in
            .status(200)
        } during: { server in
            let path = try folder.write(
                "load.yaml",
                """
                targets: [{ url: "\(server.url)" }]
                arrivals: [{ rate: 200, seconds: 0.5 }]
                mix: [{ intent: Sum }]
                callers: [{ name: tenants, mint: { keyFile: key.pem, tenant: "t-#", count: 5 } }]
                """)
            #expect(try await LoadProcess.run(["--scenario", path], in: folder).code == 0)
            let tokens = Set(server.texts.compactMap { $0.firstMatch(of: #/Bearer ([\w.-]+)/#).map { String($0.1) } })
            #expect(tokens.count == 5)
        }
    }

    @Test("a capacity that is known is found")
    func capacity() async throws {
        let folder = try PrivateFolder()
        // Each of 4 connections carries 100 a second.
        try await TestServer.run { _ in
            .status(200, afterMilliseconds: 10)
        } during: { server in
            let words = [
                "--gateway", server.url, "--rate", "200", "--duration", "1s", "--intent", "Sum", "--connections", "4",
                "--find-capacity", "--trial", "1s", "--warm-up", "0s", "--fail-if", "p99>100ms", "--json",
                folder.file("result.json"),
            ]
            let ended = try await LoadProcess.run(words, in: folder)
            #expect(ended.code == 0, "\(ended.output)")
            let result = try ended.result
            let found = try #require(result.capacityPerSecond)
            #expect((250...440).contains(found), "\(ended.output)")
            #expect(result.trials.count >= 4 && ended.output.contains("trial at 200.0/s"))
        }
    }
}
