import DevelopmentIssuer
import Foundation
import RedisFixtures
import Testing

/// `intentusnet health`, which is the health check of the image and the probes of workers.
@Suite("Health command")
struct HealthCommandTests {
    private let folder: PrivateFolder

    init() throws { folder = try PrivateFolder() }

    /// The exit code and what was printed.
    private func health(_ words: [String]) throws -> (code: Int32, text: String) {
        let log = folder.file("health.log")
        try? FileManager.default.removeItem(atPath: log)
        let process = try SpawnedProcess([try BuiltCommand.path, "health"] + words, log: log)
        return (try process.waitForEnd(milliseconds: 20_000), folder.tail(of: "health.log"))
    }

    @Test("nobody there is exit code 1 with the address; words that make no sense are told of")
    func refusals() throws {
        let port = try FreePorts.next()
        let nobody = try health(["http://127.0.0.1:\(port)/health"])
        #expect(nobody.code == 1 && nobody.text.contains("http://127.0.0.1:\(port)/health cannot be asked"))
        let broken = try folder.write("broken.yaml", "lisen: {}\n")
        for (words, told) in [
            (["ftp://127.0.0.1/"], "is no URL"), (["--config", folder.file("none.yaml")], "cannot be read"),
            (["--config", broken], "intentusnet check"), (["--live"], "--live needs --config"),
            (["http://127.0.0.1/", "--config", broken], "not both"), (["--cert", "x"], "belong together"),
            (["--timeout", "0"], "1 to 60"), (["--ca", folder.file("none.pem")], "cannot be used"),
        ] {
            let answer = try health(words)
            #expect(answer.code == 64 && answer.text.contains(told), "\(words): \(answer)")
        }
    }

    @Test("a gateway by its own configuration: alive and ready, and neither when it has ended")
    func gateway() throws {
        let pod = try Pod(
            "gateway", of: Rendered("overlays/dev", in: folder), in: folder, secrets: nil,
            replaced: [
                ("0.0.0.0:8080", "127.0.0.1:\(try FreePorts.next())"),
                ("0.0.0.0:9090", "0.0.0.0:\(try FreePorts.next())"),
                (#"{ url: "http://127.0.0.1:9400/jwks.json" }"#, "{ file: jwks.json }"),
            ])
        let place = pod.root + "/etc/intentusnet/"
        try DevelopmentKey(keyId: "k1").jwks().write(toFile: place + "jwks.json", atomically: true, encoding: .utf8)
        let asked = ["--config", place + "gateway.yaml"]
        try pod.start([try BuiltCommand.path, "gateway"] + asked)
        try pod.wait(for: "a content health check") { try health(asked).code == 0 }
        #expect(try health(asked).text.contains(#"{"status":"ready"}"#))
        #expect(try health(asked + ["--live"]).text.contains(#"{"status":"live"}"#))
        #expect(try pod.stop() == 0)
        #expect(try health(asked).code == 1)
    }
}
