import Foundation
import RedisFixtures
import Testing

/// The README in the hands of somebody who has nothing but a clean clone: every line of its shell blocks is run as it stands, in the order
/// of the page.
///
/// `INTENTUSNET_SOAK=1 swift test --filter ReadmeTests` has the clone build itself.
@Suite("README", .serialized, .enabled(if: Project.isRepository, "a tree without a history cannot be cloned"))
struct ReadmeTests {
    /// What is not run, why, and what is looked at in its place. Whatever stands in a shell block and not here is run.
    private static let excused = [
        "make test": "it is what runs this; the continuous integration runs it on a clean clone (.ci/run)",
        "make image":
            "takes minutes and root; ImageTests makes the same root file system of the command under test and starts it",
        "docker compose -f docker/compose.yaml up --build --wait":
            "needs a container engine; ComposeTests starts its gateways, balancer and workers as processes, from that file",
        "kubectl apply -k k8s/overlays/dev":
            "needs a cluster; ManifestTests renders it and holds it against the schemas, PodTests starts its pods as processes",
    ]
    /// What goes on until Ctrl-C, and what it says once it is up.
    private static let lasting = ["make run": "Ctrl-C ends all.", "make cluster": "3 of 3 gateways"]
    /// What the README says of an answer, by the start of the line.
    private static let answers: [(line: String, says: String, patterns: [String])] = [
        ("curl -i", #"-d "$ENVELOPE""#, [#"(?m)^HTTP/1\.1 200 "#, #""status":"success""#, #""text":"hello""#]),
        ("curl -i", "AdminReset", [#"(?m)^HTTP/1\.1 403 "#, #""reason":"POLICY_DENIAL""#]),
        ("for i in", "http_code", ["^((200|429) ){7}$", "429"]),
        ("echo \"$ENVELOPE\"", "emcl open", [#""name":"SummarizeIntent""#, #""text":"hello""#]),
    ]
    /// How long a line may take: builds as long as they do on two cores.
    private static let seconds = Project.isSoak ? 1_800 : 60

    @Test("every command, run as written in a clean clone, does what the README says")
    func commands() throws {
        let clone = try Clone()
        let page = try Page(URL(fileURLWithPath: clone.path).appending(path: "README.md"))
        let terminal = try Terminal(in: clone.path, programs: clone.programs, folder: clone.folder)
        defer { terminal.close() }
        var (known, answered) = (Set<String>(), Set<Int>())
        var demo: Terminal.Job?
        for command in page.commands {
            let words = command.words
            known.insert(words)
            if Self.excused[words] != nil { continue }
            if let sign = Self.lasting[words] {
                let job = try terminal.start(command.text, until: sign, withinSeconds: Self.seconds)
                // The demonstration is what later lines call.
                if words == "make run" { demo = job } else { _ = try terminal.interrupt(job, withinSeconds: 30) }
                continue
            }
            let outcome = try terminal.run(command.text, withinSeconds: Self.seconds)
            #expect(outcome.status == 0, "README:\(command.line): \(command.text): \(outcome.text)")
            for (index, answer) in Self.answers.enumerated()
            where words.hasPrefix(answer.line) && words.contains(answer.says) {
                answered.insert(index)
                for pattern in answer.patterns {
                    #expect(
                        try outcome.text.contains(Regex(pattern)),
                        "README:\(command.line): \(command.text): no \(pattern) in \(outcome.text)")
                }
            }
        }
        try claims(terminal)
        _ = try terminal.interrupt(try #require(demo, "the README starts no demonstration"), withinSeconds: 30)
        #expect(answered.count == Self.answers.count, "the README has lost a line whose answer is known here")
        let stale = Set(Self.excused.keys).union(Self.lasting.keys).subtracting(known)
        #expect(stale.isEmpty, "the README has these no longer: \(stale)")
    }

    /// What the README says besides its blocks, of the gateway that `make run` started.
    private func claims(_ terminal: Terminal) throws {
        for (line, status, pattern) in [
            ("intentusnet nodes", 0, "this one"), ("intentusnet agents", 0, "summarizer"),
            ("intentusnet limits", 0, "tenant-limit"), ("intentusnet health", 0, ""),
            ("intentusnet admin reload", 2, "403"),
            (#"intentusnet send SummarizeIntent --gateway http://127.0.0.1:8080 --token "$TOKEN""#, 0, "success"),
            (
                "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/api/v1/intent -d \"$ENVELOPE\"", 0,
                "401"
            ),
            (
                "head -c 3145728 /dev/zero | curl -s -o /dev/null -w '%{http_code}' --data-binary @- "
                    + "-H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/api/v1/intent", 0, "413"
            ),
            ("curl -fsS http://127.0.0.1:9090/console", 0, "<html|<!doctype"),
            ("curl -fsS http://127.0.0.1:9090/admin/v1/openapi.json", 0, "openapi"),
            ("make -n bench microbench soak image", 0, "Tests/Tools/bench"),
        ] {
            let outcome = try terminal.run(line, withinSeconds: 30)
            #expect(outcome.status == Int32(status), "\(line): \(outcome.text)")
            #expect(try outcome.text.contains(Regex(pattern).ignoresCase()), "\(line): \(outcome.text)")
        }
    }
}
