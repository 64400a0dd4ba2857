import Foundation
import RedisFixtures

/// A real Prometheus that scrapes gateways and evaluates rules, twice a second.
final class Prometheus: Sendable {
    /// An alert as Prometheus tells it.
    struct Alert: Decodable {
        let labels: [String: String]
        let annotations: [String: String]
        let state: String

        var name: String { labels["alertname"] ?? "" }
    }

    static var isInstalled: Bool {
        ["prometheus", "promtool", "setpriv"].allSatisfy { program in
            ["/usr/bin", "/usr/local/bin", "/bin"].contains {
                FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
            }
        }
    }

    private let folder: PrivateFolder
    private let port: Int
    private let process: SpawnedProcess

    /// - Parameter targets: admin ports of gateways.
    init(rules: String, targets: [Int]) throws {
        folder = try PrivateFolder()
        port = try FreePorts.next()
        _ = try folder.write("rules.yaml", rules)
        let list = targets.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", ")
        let configuration = try folder.write(
            "prometheus.yaml",
            """
            global: { scrape_interval: 500ms, scrape_timeout: 450ms, evaluation_interval: 500ms }
            rule_files: [rules.yaml]
            scrape_configs:
              - job_name: intentusnet
                static_configs: [{ targets: [\(list)], labels: { namespace: test } }]

            """)
        process = try SpawnedProcess(
            [
                "prometheus", "--config.file=\(configuration)", "--storage.tsdb.path=\(folder.file("data"))",
                "--web.listen-address=127.0.0.1:\(port)", "--enable-feature=exemplar-storage", "--log.level=warn",
            ], log: folder.file("prometheus.log"))
        try Deadline.wait(for: "Prometheus\n\(log)", milliseconds: Deadline.startMilliseconds) {
            try PlainHTTP.get("/-/ready", port: port).hasPrefix("HTTP/1.1 200")
        }
    }

    func stop() { process.kill9() }

    var log: String { folder.tail(of: "prometheus.log", characters: 3_000) }

    /// The alerts that are firing.
    func firing() throws -> [Alert] {
        struct Answer: Decodable {
            struct Alerts: Decodable { let alerts: [Alert] }
            let data: Alerts
        }
        let body = try HTTPText.body(of: try PlainHTTP.get("/api/v1/alerts", port: port))
        return try JSONDecoder().decode(Answer.self, from: Data(body)).data.alerts.filter { $0.state == "firing" }
    }

    /// Whether Prometheus holds an exemplar of a family.
    func exemplars(of series: String) throws -> String {
        let query = series.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let now = Int(Date().timeIntervalSince1970)
        let path = "/api/v1/query_exemplars?query=\(query)&start=\(now - 600)&end=\(now + 60)"
        return String(decoding: try HTTPText.body(of: try PlainHTTP.get(path, port: port)), as: UTF8.self)
    }
}

/// The body of an answer that was read to the end of its connection.
enum HTTPText {
    static func body(of answer: String) throws -> [UInt8] {
        let bytes = Array(answer.utf8)
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { throw FixtureError("no HTTP: \(answer)") }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased()
        guard head.hasPrefix("http/1.1 200") else { throw FixtureError(answer) }
        guard head.contains("transfer-encoding: chunked") else { return Array(bytes[end.upperBound...]) }
        var body: [UInt8] = []
        var rest = bytes[end.upperBound...]
        while let line = rest.firstRange(of: Array("\r\n".utf8)),
            let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16), size > 0
        {
            body += rest[line.upperBound...].prefix(size)
            rest = rest[line.upperBound...].dropFirst(size + 2)
        }
        return body
    }
}
