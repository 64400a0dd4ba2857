import Authorization
import RedisFixtures
import Testing

/// A policy judges the path that it reads; a real Envoy must read the same one.
@Suite("Paths as a real Envoy reads them")
struct PathReadingTests {
    private static let pieces = [
        "/", "//", "/.", "/..", "/...", "\\", "%2e", "%2E", "%2f", "%2F", "%5C", "%5c", "%25", "%252f", "a", "b", ".",
        "%61",
        "%41", "%7E", "%2D", "%20", "%", "%zz", "%2", ";", "/..;", "/.;x=1/", "=", "+", "~", "?", "?/../", "*", ":",
        "@",
    ]

    @Test("every option makes the same path of a target as Envoy", arguments: PathNormalization.allCases)
    func same(_ option: PathNormalization) async throws {
        let port = try FreePorts.next()
        let echo: EnvoyValue = [
            "match": ["prefix": "/"], "direct_response": ["status": 200],
            "response_headers_to_add": [["header": ["key": "x-path", "value": "%REQ(:PATH)%"]]],
        ]
        let manager = EnvoyParts.manager(routes: [echo])
            .merging(try EnvoyParts.pathReading(option.rawValue)) { $1 }
        let envoy = try EnvoyProcess(listeners: [EnvoyParts.listener("echo", port: port, manager: manager)])
        var differences: [String] = []
        for target in Self.targets(800, seed: 7) {
            let answer = try await MeshClient().answer(
                "GET \(target) HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", port: port)
            let theirs = answer.header("x-path").map { String($0.prefix { $0 != "?" }) } ?? "status \(answer.status)"
            let ours: String =
                switch option.normalize(Array(target.utf8)[...]) {
                case .path(let path): String(decoding: path, as: UTF8.self)
                case .refused: "status 400"
                }
            if ours != theirs, !Self.isUnfinished(theirs, ours, option) {
                differences.append("\(target): ours \(ours), Envoy's \(theirs)")
            }
        }
        #expect(differences == [], "\(differences.joined(separator: "\n"))")
        withExtendedLifetime(envoy) {}
    }

    /// Where Envoy stops short of a form that stays as it is when read again: by one more reading it would agree with us.
    ///
    /// | target | Envoy's | ours | why |
    /// |---|---|---|---|
    /// | `/%2e%2e;/a`, `/\..;\a` | `/..;/a` | `/a` | it looks for dot segments with parameters before it decodes |
    /// | `//` with merged slashes | `//` | `/` | it keeps the first and the last slash of a path without names |
    private static func isUnfinished(_ theirs: String, _ ours: String, _ option: PathNormalization) -> Bool {
        (theirs == "//" || theirs.contains("/.;") || theirs.contains("/..;"))
            && option.normalize(Array(theirs.utf8)[...]) == .path(Array(ours.utf8)[...])
    }

    /// Random targets from pieces that servers have read differently.
    private static func targets(_ count: Int, seed: UInt64) -> [String] {
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        return (0..<count).map { _ in "/" + (0..<next(9)).map { _ in pieces[next(pieces.count)] }.joined() }
    }
}
