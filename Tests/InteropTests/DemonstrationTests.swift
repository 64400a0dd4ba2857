import Foundation
import Testing

/// The demonstration that `make run` starts.
@Suite("The demonstration", .serialized)
struct DemonstrationTests {
    static func environment() throws -> [String: String] {
        var ports: [String: String] = [:]
        for name in ["DEMO_HTTP", "DEMO_ADMIN", "DEMO_ISSUER", "DEMO_WORKER"] { ports[name] = "\(try freePort())" }
        return ports
    }

    /// A child inherits the signals that the thread which starts it has blocked; a person's shell has none blocked.
    static let withSignals =
        "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); os.execv(sys.argv[1], sys.argv[1:])"

    static let script = ChildProcess.root.appending(path: "Tests/Tools/demo").path

    @Test("once: it prints the worker's answer and ends")
    func once() async throws {
        let (code, text) = try await ChildProcess.run(
            Self.script, [ChildProcess.intentusnet, "--once"], environment: try Self.environment())
        #expect(code == 0, "\(text)")
        #expect(text.contains("The worker's answer:"), "\(text)")
        let answer = text.split(separator: "\n").first { $0.hasPrefix("{") } ?? ""
        #expect(answer.contains(#""status":"success""#), "\(text)")
        #expect(answer.contains("Hello from make run"), "\(text)")
    }

    @Test("the curl line that it prints works as it stands")
    func curlLine() async throws {
        let demo = try ChildProcess(
            ChildProcess.python, ["-c", Self.withSignals, Self.script, ChildProcess.intentusnet],
            environment: try Self.environment())
        try await eventually("the demonstration; it said: \(demo.text)", 40) {
            demo.text.contains("Ctrl-C ends all") || !demo.isRunning
        }
        let lines = demo.text.components(separatedBy: "\n")
        let start = try #require(lines.firstIndex { $0.hasPrefix("curl ") }, "\(demo.text)")
        let end = lines[start...].firstIndex { $0.isEmpty } ?? lines.endIndex
        let command = lines[start..<end].joined(separator: "\n")
        let (code, text) = try await ChildProcess.run("/bin/bash", ["-c", command])
        #expect(code == 0, "\(text)")
        #expect(text.hasPrefix("HTTP/1.1 200"), "\(text)")
        #expect(text.contains("Hello from make run"), "\(text)")
        kill(demo.processId, SIGTERM)
        #expect(try await demo.exitCode() == 0)
    }
}
