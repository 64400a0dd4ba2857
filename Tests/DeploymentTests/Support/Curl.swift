import Foundation
import RedisFixtures

/// curl, which shares no code with what it asks.
enum Curl {
    /// The status of an answer and its body; `000` and what curl says where there was none.
    static func ask(
        _ url: String, trusting authority: String, _ options: [String], in folder: PrivateFolder
    ) throws -> (status: String, body: String) {
        let body = folder.file("answer-\(UUID().uuidString)")
        let words = ["curl", "-sS", "-m", "10", "--cacert", authority, "-o", body, "-w", "status=%{http_code};", url]
        // A handshake that is refused is an answer too: the exit code does not count.
        let told = try SpawnedProcess.run(["sh", "-c", #""$@" || true"#, "sh"] + words + options, in: folder)
        let status = told.firstMatch(of: #/status=(\d{3});/#).map { String($0.1) } ?? "000"
        return (status, (try? String(contentsOfFile: body, encoding: .utf8)) ?? told)
    }
}
