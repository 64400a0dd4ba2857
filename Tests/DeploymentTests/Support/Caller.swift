import Foundation
import RedisFixtures

/// A service with a certificate of the pods' authority that asks with curl.
struct Caller {
    let folder: PrivateFolder
    private let files: String

    /// - Parameter service: such as `ns/default/sa/api-gateway`.
    init(_ service: String, in folder: PrivateFolder) throws {
        self.folder = folder
        files = folder.file("caller-" + service.replacing("/", with: "-"))
        try Workplace.run(tool: "pod.py", ["--issue", files, "spiffe://cluster.local/\(service)"], in: folder)
    }

    /// The status of an answer and its body; `000` where there was none.
    func ask(_ url: String, _ options: [String] = [], showsCertificate: Bool = true) throws -> (
        status: String, body: String
    ) {
        let shown = showsCertificate ? ["--cert", files + "/tls.crt", "--key", files + "/tls.key"] : []
        // A handshake that is refused is an answer too: the exit code does not count.
        let words =
            ["curl", "-sS", "-m", "10", "--cacert", files + "/ca.crt", "-w", "\n%{http_code}", url] + shown + options
        let text = try SpawnedProcess.run(["sh", "-c", #""$@" || true"#, "sh"] + words, in: folder)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let place = lines.lastIndex { $0.count == 3 && $0.allSatisfy(\.isNumber) } ?? lines.startIndex
        return (lines.isEmpty ? "000" : String(lines[place]), lines[..<place].joined(separator: "\n"))
    }

    /// Sends an intent.
    func send(_ intent: String, to url: String, token: String? = nil) throws -> (status: String, body: String) {
        let envelope = """
            {"version":"1.0","intent":{"name":"\(intent)","version":"1.0"},"payload":{"text":"from a pod"},\
            "context":{"sourceAgent":"test","timestamp":"2026-01-01T00:00:00Z"},\
            "metadata":{"requestId":"r-1","source":"test","createdAt":"2026-01-01T00:00:00Z"}}
            """
        let credential = token.map { ["-H", "authorization: Bearer \($0)"] } ?? []
        return try ask(
            url + "/api/v1/intent", ["-H", "content-type: application/json", "-d", envelope] + credential)
    }
}
