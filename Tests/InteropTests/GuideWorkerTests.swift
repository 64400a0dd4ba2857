import Foundation
import GatewayNode
import Testing

/// The worker that the guide `WriteAWorker` shows in Python, as it stands there, on the real package.
@Suite("The Python worker of the guide", .serialized)
struct GuideWorkerTests {
    private static func sample() throws -> String {
        let guide = ChildProcess.root.appending(path: "Sources/intentusnet/intentusnet.docc/WriteAWorker.md")
        let text = try String(contentsOf: guide, encoding: .utf8)
        let blocks = text.components(separatedBy: "\n```python\n").dropFirst()
        return try #require(blocks.first?.components(separatedBy: "\n```\n").first, "the guide shows no Python") + "\n"
    }

    @Test("it registers, answers intents, and leaves with Ctrl-C, or when a pod ends", arguments: [SIGINT, SIGTERM])
    func worker(signal: Int32) async throws {
        let house = try await PythonPeerTests.House.open()
        let folder = try TestFolder()
        try folder.write(try Self.sample(), to: "worker.py")
        let port = try freePort()
        let worker = try ChildProcess(
            ChildProcess.python, ["-u", folder.path("worker.py")],
            environment: [
                "PORT": "\(port)", "OWN_URL": "http://127.0.0.1:\(port)/execute-agent",
                "GATEWAY": "http://127.0.0.1:\(house.node.dataPort)", "INTENTUSNET_TOKEN": house.token,
            ])
        try await worker.stopped {
            let long = String(repeating: "naïve café ", count: 20)
            func ask() async throws -> [String: Any] {
                try await house.send("--intent", "SummarizeIntent", "--payload", #"{"text":"\#(long)"}"#)
            }
            var reply: [String: Any] = [:]
            try await eventually("the worker's answer; it said: \(worker.text)") {
                reply = try await ask()
                return reply["status"] as? String == "success"
            }
            let payload = reply["payload"] as? [String: Any]
            #expect(payload?["summary"] as? String == String(long.prefix(80)), "\(reply)")
            #expect((reply["metadata"] as? [String: Any])?["agent"] as? String == "summarizer", "\(reply)")
            // A connection that stays open takes the next request.
            #expect(try await ask()["status"] as? String == "success", "\(worker.text)")
            kill(worker.processId, signal)
            #expect(try await worker.exitCode() == 0, "\(worker.text)")
            let gone = try await ask()
            #expect((gone["error"] as? [String: Any])?["code"] as? String == "CAPABILITY_NOT_FOUND", "\(gone)")
            #expect(!worker.text.contains("Traceback"), "\(worker.text)")
        }
        folder.remove()
        await house.close()
    }
}
