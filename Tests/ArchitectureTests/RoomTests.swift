import Foundation
import Testing

/// The plan of the house, checked by a machine: who may import whom, and what a pure room may not do.
@Suite("Architecture")
struct RoomTests {
    /// What each room may import of ours; a room that is not listed fails the test.
    static let mayImport: [String: Set<String>] = [
        "IntentProtocol": [],
        "Documents": [],
        "Traces": ["IntentProtocol"],
        "Identity": ["IntentProtocol", "COpenSSL"],
        "Authorization": ["IntentProtocol", "Documents"],
        "IntentPolicy": ["IntentProtocol", "Documents", "CPCRE2"],
        "RateLimiting": ["IntentProtocol"],
        "Routing": ["IntentProtocol"],
        "Encryption": ["COpenSSL", "Documents", "IntentProtocol"],
        "Gateway": [
            "Authorization", "Encryption", "IntentProtocol", "Identity", "IntentPolicy", "RateLimiting", "Routing",
            "Traces",
        ],
        "GatewayConfiguration": ["Documents", "IntentProtocol"],
        "GatewayHTTP": [],
        "RedisState": ["CHiredis", "IntentProtocol", "Identity", "RateLimiting", "Routing"],
        "KeySources": ["Identity"],
        "TraceExport": ["GatewayHTTP", "IntentProtocol", "Traces"],
        "Secrets": ["IntentProtocol"],
        "Observability": ["Gateway", "IntentProtocol", "Machine", "Traces"],
        "AdminServer": [
            "Authorization", "Gateway", "GatewayHTTP", "Identity", "IntentProtocol", "Observability", "RateLimiting",
        ],
        "DevelopmentAuthority": ["IntentProtocol"],
        "DevelopmentIssuer": [],
        "CertificateFiles": ["GatewayHTTP"],
        "Machine": [],
        "IntentusClient": [
            "CertificateFiles", "Documents", "Encryption", "GatewayHTTP", "Identity", "IntentProtocol", "Machine",
            "TraceExport", "Traces",
        ],
        "LoadGenerator": ["Documents", "Encryption", "GatewayHTTP", "IntentProtocol", "IntentusClient", "Machine"],
        "IntentusWorker": [
            "CertificateFiles", "Encryption", "GatewayHTTP", "Identity", "IntentProtocol", "IntentusClient", "Machine",
            "Secrets", "Traces",
        ],
    ]
    /// Rooms that see everything because they wire it.
    static let wiring: Set<String> = ["GatewayNode", "intentusnet", "Benchmarks"]
    static let pure: Set<String> = [
        "IntentProtocol", "Documents", "Identity", "Authorization", "IntentPolicy", "RateLimiting", "Routing",
        "Encryption", "Gateway", "GatewayConfiguration", "Traces",
    ]
    static let systemModules: Set<String> = ["CHiredis", "COpenSSL", "CPCRE2"]

    @Test("a room imports only what the plan allows")
    func imports() throws {
        let rooms = try SourceTree.rooms()
        let ours = Set(rooms.map(\.name))
        for room in rooms where !Self.systemModules.contains(room.name) && !Self.wiring.contains(room.name) {
            let allowed = try #require(
                Self.mayImport[room.name], "\(room.name) is not in the plan: add it to mayImport")
            for file in room.files {
                for module in importedModules(file.lines) where ours.contains(module) && module != room.name {
                    #expect(allowed.contains(module), "\(file.path) imports \(module)")
                }
            }
        }
    }

    @Test("no pure room imports an edge or calls the outside")
    func purity() throws {
        let bannedModules: Set<String> = [
            "NIOCore", "NIOPosix", "AsyncHTTPClient", "Hummingbird", "Logging", "ServiceLifecycle", "Dispatch",
            "Glibc", "Musl", "Darwin",
        ]
        let bannedCalls = [
            #/\bDate\(\)/#, #/\.random\(/#, #/\bSystemRandomNumberGenerator\b/#, #/\bgetenv\b/#,
            #/ProcessInfo\.processInfo/#, #/\bprint\(/#, #/\bFileManager\b/#, #/contentsOfFile/#,
            #/ContinuousClock\(\)/#, #/\.now\b/#, #/Task\.sleep/#,
        ]
        for room in try SourceTree.rooms() where Self.pure.contains(room.name) {
            for file in room.files {
                for module in importedModules(file.lines) {
                    #expect(!bannedModules.contains(module), "\(file.path) imports \(module)")
                }
                for (number, line) in file.lines.enumerated() where !isComment(line) {
                    for call in bannedCalls where line.contains(call) {
                        Issue.record("\(file.path):\(number + 1) reaches outside a pure room: \(line)")
                    }
                }
            }
        }
    }

    /// The files that import each C library: signatures and certificates are verified by libcrypto, and envelopes sealed.
    static let importersOfC: [String: Set<String>] = [
        "CHiredis": ["RedisState/Client/RedisCommandWriter.swift", "RedisState/Client/RedisReplyReader.swift"],
        "COpenSSL": [
            "Encryption/CipherContext.swift", "Identity/Peers/CertificateReader.swift",
            "Identity/SignatureVerifier.swift",
        ],
        "CPCRE2": ["IntentPolicy/PayloadRegex.swift"],
    ]

    @Test("each C library is imported by the files that are named here, and by no other")
    func cStaysInOnePlace() throws {
        #expect(Set(Self.importersOfC.keys) == Self.systemModules)
        let files = try SourceTree.rooms().flatMap(\.files)
        for (module, expected) in Self.importersOfC {
            let importers = Set(files.filter { importedModules($0.lines).contains(module) }.map(\.path))
            #expect(importers == expected, "\(module)")
        }
    }

    @Test("public is for the protocol and the SDKs")
    func publicSurface() throws {
        let mayBePublic: Set<String> = ["IntentProtocol", "IntentusClient", "IntentusWorker"]
        for room in try SourceTree.rooms() where !mayBePublic.contains(room.name) {
            for file in room.files {
                for (number, line) in file.lines.enumerated() where line.contains(#/^\s*public /#) {
                    #expect(line.contains("public import"), "\(file.path):\(number + 1): \(line)")
                }
            }
        }
    }

    @Test("files stay small and hold no unfinished parts")
    func smallFiles() throws {
        let unfinished = #/\b(TODO|FIXME|XXX|fatalError\(|try!|as!)/#
        for file in try SourceTree.rooms().flatMap(\.files) {
            #expect(file.lines.count <= 400, "\(file.path) has \(file.lines.count) lines")
            for (number, line) in file.lines.enumerated() where line.contains(unfinished) {
                Issue.record("\(file.path):\(number + 1): \(line)")
            }
        }
    }

    @Test("links in the README and the guides lead somewhere")
    func links() throws {
        for guide in try SourceTree.guides() {
            let text = try String(contentsOf: guide, encoding: .utf8)
            for match in text.matches(of: #/\]\(([^)#\s]+)(#[^)]*)?\)/#) {
                let target = String(match.1)
                guard !target.contains("://"), !target.hasPrefix("mailto:"), !target.hasPrefix("doc:") else { continue }
                let file = guide.deletingLastPathComponent().appending(path: target)
                #expect(
                    FileManager.default.fileExists(atPath: file.path), "\(guide.lastPathComponent) links to \(target)")
            }
        }
    }

    private func importedModules(_ lines: [String]) -> Set<String> {
        let pattern =
            #/^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:public |package |internal |private )?import (?:(?:struct|enum|class|func|protocol) )?(\w+)/#
        return Set(lines.compactMap { $0.firstMatch(of: pattern).map { String($0.1) } })
    }

    private func isComment(_ line: String) -> Bool {
        line.drop { $0 == " " }.hasPrefix("//")
    }
}
