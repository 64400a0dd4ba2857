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
        return try Curl.ask(url, trusting: files + "/ca.crt", shown + options, in: folder)
    }

    /// Sends an intent.
    func send(
        _ intent: String, to url: String, token: String? = nil, options: [String] = [], showsCertificate: Bool = true
    ) throws -> (status: String, body: String) {
        let envelope = """
            {"version":"1.0","intent":{"name":"\(intent)","version":"1.0"},"payload":{"text":"from a pod"},\
            "context":{"sourceAgent":"test","timestamp":"2026-01-01T00:00:00Z"},\
            "metadata":{"requestId":"r-1","source":"test","createdAt":"2026-01-01T00:00:00Z"}}
            """
        let credential = token.map { ["-H", "authorization: Bearer \($0)"] } ?? []
        let words = ["-H", "content-type: application/json", "-d", envelope] + credential + options
        return try ask(url + "/api/v1/intent", words, showsCertificate: showsCertificate)
    }
}
