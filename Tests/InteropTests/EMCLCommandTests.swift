import Foundation
import Testing

/// `intentusnet emcl …` as a person calls it.
@Suite("The command emcl")
struct EMCLCommandTests {
    private static let envelope = """
        {"version":"1.0","intent":{"name":"EchoIntent","version":"1.0"},"payload":{"q":"naïve café"},\
        "context":{"sourceAgent":"client","timestamp":"2026-01-01T00:00:00+00:00","priority":"normal","tags":[]},\
        "metadata":{"requestId":"r-1","source":"client","createdAt":"2026-01-01T00:00:00+00:00"}}
        """

    private func emcl(_ words: String..., expecting code: Int32 = 0) async throws -> String {
        let (status, text) = try await ChildProcess.run(ChildProcess.intentusnet, ["emcl"] + words)
        #expect(status == code, "\(words.joined(separator: " ")): \(text)")
        return text
    }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("keygen makes a ring for its owner alone, and adds keys with staged times")
    func keygen() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let ring = folder.path("ring.json")
        #expect(try await emcl("keygen", "--output", ring, "--id", "first") == "")
        #expect(try mode(ring) == 0o600)
        let first = try String(contentsOfFile: ring, encoding: .utf8)
        #expect(first.contains(#""id": "first""#) && first.contains(#""use": ["clients", "workers"]"#), "\(first)")
        // What is there is never written over.
        #expect(try await emcl("keygen", "--output", ring, expecting: 1).contains("cannot be made"))
        let added = try await emcl(
            "keygen", "--add-to", ring, "--id", "second", "--active-in-seconds", "600", "--grace-seconds", "3600")
        #expect(added.contains("key second seals from 2") && added.contains("key first opens until 2"), "\(added)")
        #expect(try mode(ring) == 0o600)
        let both = try String(contentsOfFile: ring, encoding: .utf8)
        #expect(both.contains(#""opensUntil""#) && both.contains(#""id": "second""#), "\(both)")
        #expect(
            try await emcl("keygen", "--add-to", ring, "--id", "second", expecting: 1).contains("two keys have the id"))
        #expect(try String(contentsOfFile: ring, encoding: .utf8) == both, "a refusal leaves the ring as it was")
        let printed = try await emcl("keygen", "--profile", "v1", "--use", "clients")
        #expect(printed.contains(#""text": ""#) && printed.contains(#""use": ["clients"]"#), "\(printed)")
        chmod(ring, 0o644)
        #expect(try await emcl("keygen", "--add-to", ring, expecting: 1).contains("chmod 600"))
    }

    @Test("six that add a key at once add six, and none takes another's away")
    func together() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let ring = folder.path("ring.json")
        _ = try await emcl("keygen", "--output", ring, "--id", "first")
        try await withThrowingTaskGroup { group in
            for number in 1...6 {
                group.addTask {
                    _ = try await emcl(
                        "keygen", "--add-to", ring, "--id", "key-\(number)", "--active-in-seconds", "\(number * 100)")
                }
            }
            try await group.waitForAll()
        }
        let text = try String(contentsOfFile: ring, encoding: .utf8)
        for id in ["first"] + (1...6).map({ "key-\($0)" }) { #expect(text.contains(#""id": "\#(id)""#), "\(text)") }
        // While another holds the folder it waits, and a gateway that rotates is another.
        let directory = open(folder.url.path, O_RDONLY | O_DIRECTORY)
        defer { close(directory) }
        #expect(flock(directory, LOCK_EX | LOCK_NB) == 0)
        let waiting = try ChildProcess(
            ChildProcess.intentusnet, ["emcl", "keygen", "--add-to", ring, "--id", "last"])
        // It has begun, and its key is not there as long as the lock is held.
        try await eventually("the folder opened by the command") {
            let links = "/proc/\(waiting.processId)/fd"
            return try FileManager.default.contentsOfDirectory(atPath: links).contains {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(links)/\($0)"))
                    == folder.url.resolvingSymlinksInPath().path
            }
        }
        #expect(try String(contentsOfFile: ring, encoding: .utf8) == text)
        #expect(flock(directory, LOCK_UN) == 0)
        #expect(try await waiting.exitCode() == 0, "\(waiting.text)")
        #expect(try String(contentsOfFile: ring, encoding: .utf8).contains(#""id": "last""#))
    }

    @Test("seal and open carry an envelope and its answer, in both profiles", arguments: ["v2", "v1"])
    func roundTrip(profile: String) async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let ring = folder.path("ring.json")
        _ = try await emcl("keygen", "--output", ring, "--profile", profile)
        try folder.write(Self.envelope, to: "envelope.json")
        let frame = try await emcl(
            "seal", "--ring", ring, "--profile", profile, "--caller", "user:alice", "--tenant", "acme",
            folder.path("envelope.json"))
        #expect(frame.hasPrefix(#"{"protocol":"INTENTUSNET/1.0","messageType":"emcl""#), "\(frame)")
        #expect(!frame.contains("café"))
        try folder.write(frame, to: "frame.json")
        let opened = try await emcl("open", "--ring", ring, folder.path("frame.json"))
        #expect(opened == Self.envelope + "\n")
        let explained = try await emcl("open", "--ring", ring, "--explain", folder.path("frame.json"))
        let bound = profile == "v2" ? #"request of "user:alice", tenant "acme""# : "bound to nothing"
        #expect(explained.contains(bound), "\(explained)")
        try folder.write(#"{"version":"1.0","status":"success"}"#, to: "answer.json")
        let answer = try await emcl(
            "seal", "--ring", ring, "--answers", folder.path("frame.json"), folder.path("answer.json"))
        try folder.write(answer, to: "sealed-answer.json")
        #expect(
            try await emcl("open", "--ring", ring, folder.path("sealed-answer.json")).hasPrefix(
                #"{"version":"1.0","status""#))
        guard profile == "v2" else { return }
        #expect(answer.contains(#""direction":"answer""#) && answer.contains(#""inReplyTo":""#))
        _ = try await emcl(
            "open", "--ring", ring, "--caller", "user:alice", "--tenant", "acme", folder.path("frame.json"))
        for (words, reason) in [(["--caller", "user:mallory"], "other_caller"), (["--tenant", "x"], "other_tenant")] {
            let refused = ["open", "--ring", ring] + words
            let (code, plain) = try await ChildProcess.run(
                ChildProcess.intentusnet, ["emcl"] + refused + [folder.path("frame.json")])
            #expect(code == 1 && plain == "error: the message cannot be opened\n", "\(plain)")
            let (_, told) = try await ChildProcess.run(
                ChildProcess.intentusnet, ["emcl"] + refused + ["--explain", folder.path("frame.json")])
            #expect(told == "error: the message cannot be opened: \(reason)\n")
        }
    }

    @Test("another ring opens nothing, and errors never show a key")
    func refusals() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let (ring, other) = (folder.path("ring.json"), folder.path("other.json"))
        _ = try await emcl("keygen", "--output", ring, "--id", "k")
        _ = try await emcl("keygen", "--output", other, "--id", "k")
        try folder.write(Self.envelope, to: "envelope.json")
        let frame = try await emcl("seal", "--ring", ring, folder.path("envelope.json"))
        try folder.write(frame, to: "frame.json")
        let refused = try await emcl("open", "--ring", other, folder.path("frame.json"), expecting: 1)
        #expect(refused == "error: the message cannot be opened\n")
        #expect(
            try await emcl("open", "--ring", ring, folder.path("envelope.json"), expecting: 64).contains(
                "no sealed message"))
        #expect(
            try await emcl("seal", "--ring", ring, folder.path("frame.json"), expecting: 64).contains("no envelope"))
        #expect(
            try await emcl("seal", "--ring", ring, folder.path("nowhere"), expecting: 64).contains("cannot be read"))
        let key = String(repeating: "ab", count: 32)
        for text in [#"{"keys": [{"id": "a", "key": "\#(key)00"}]}"#, #"{"keys": [{"\#(key)": 1}]}"#, key + "zz"] {
            let bad = folder.path("bad.json")
            try folder.write(text, to: "bad.json")
            chmod(bad, 0o600)
            let said = try await emcl("open", "--ring", bad, folder.path("frame.json"), expecting: 1)
            #expect(said.contains("bad.json:1:") && !said.contains("abab"), "\(said)")
        }
    }

    @Test("the Python package opens what we seal, and we open what it seals")
    func python() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let ring = folder.path("ring.json")
        _ = try await emcl("keygen", "--output", ring, "--profile", "v1")
        let text = try String(contentsOfFile: ring, encoding: .utf8)
        let key = try #require(text.firstMatch(of: #/"text": "([^"]{32})"/#)).1
        try folder.write(Self.envelope, to: "envelope.json")
        let script = ChildProcess.root.appending(path: "Tests/Interop/emcl.py").path
        let python = { (action: String, file: String) in
            try await ChildProcess.run(ChildProcess.python, [script, action, String(key), folder.path(file)])
        }
        let (sealed, body) = try await python("seal", "envelope.json")
        #expect(sealed == 0, "\(body)")
        try folder.write(body, to: "body.json")
        #expect(try await emcl("open", "--ring", ring, folder.path("body.json")) == Self.envelope + "\n")
        let ours = try await emcl("seal", "--ring", ring, "--profile", "v1", folder.path("envelope.json"))
        try folder.write(ours, to: "frame.json")
        let (opened, plain) = try await python("open", "frame.json")
        #expect(opened == 0 && plain == Self.envelope + "\n", "\(plain)")
    }
}
