import Foundation
import RedisFixtures
import Testing

/// The shell that the README is typed into.
@Suite("Terminal")
struct TerminalTests {
    @Test(
        "without namespaces, too, what was started ends with it, all of its processes",
        arguments: ["sleep 600 & echo up; wait", "trap '' TERM; echo up; while :; do sleep 600; done"])
    func close(line: String) throws {
        let folder = try PrivateFolder()
        let terminal = try Terminal(in: folder.path, programs: "/usr/bin", folder: folder, isApart: false)
        let job = try terminal.start(line, until: "up", withinSeconds: 15)
        let group = try #require(Int32(job.process))
        #expect(kill(-group, 0) == 0)
        terminal.close()
        try Deadline.wait(for: "all of it to end", milliseconds: 5_000) { kill(-group, 0) != 0 }
    }
}
