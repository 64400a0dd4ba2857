import Foundation
import RedisFixtures
import Testing

/// The Swift that the guides show, before the compiler and with the products that a reader has.
@Suite("Swift in the guides")
struct SampleTests {
    /// What a page leaves to its reader.
    private static let preludes = [
        "WriteAWorker.md": "let token = \"\"\n",
        "Tracing.md": "import IntentusClient\nvar configuration = IntentusClient.Configuration()\n",
        "Secrets.md": """
        import IntentusWorker

        struct Text: Decodable {}
        struct Summary: Encodable {}
        func summarize(_ text: Text, _ key: String) async throws -> Summary { Summary() }

        var configuration = WorkerConfiguration(name: "summarizer", instanceId: "a")
        let worker = IntentusWorker(configuration)

        """,
    ]

    @Test("what stands on a page compiles, its blocks in a row")
    func compile() throws {
        let pages = try Project.pages.filter { !$0.blocks("swift").isEmpty }
        #expect(Set(pages.map(\.name)) == Set(Self.preludes.keys))
        for page in pages {
            let text = (Self.preludes[page.name] ?? "") + page.blocks("swift").map(\.text).joined()
            do { try Self.compile(text) } catch { Issue.record("\(page.name): \(error)") }
        }
    }

    @Test("what does not compile is found")
    func wrong() {
        let error = #expect(throws: FixtureError.self) {
            try Self.compile("import IntentusWorker\nlet it = WorkerConfiguration(called: \"x\")\n")
        }
        #expect(error?.description.contains("extra argument 'called'") == true, "\(error?.description ?? "")")
    }

    private static func compile(_ text: String) throws {
        let folder = try PrivateFolder()
        let products = URL(fileURLWithPath: try BuiltCommand.path).resolvingSymlinksInPath().deletingLastPathComponent()
        let scratch = products.deletingLastPathComponent().deletingLastPathComponent()
        var maps: [String] = []
        // C modules of packages: some have theirs made by the build, others bring one.
        for place in [products, scratch.appending(path: "checkouts"), Project.root.appending(path: "Sources")] {
            let names = FileManager.default.enumerator(atPath: place.path)
            while let name = names?.nextObject() as? String {
                guard name.hasSuffix("/module.modulemap") else { continue }
                // Behind the build's `include` are the headers of Swift modules, which stand in no reader's way.
                guard place != products || name.split(separator: "/").count == 2 else { continue }
                maps += ["-Xcc", "-fmodule-map-file=" + place.appending(path: name).path]
            }
        }
        let words = ["swiftc", "-typecheck", "-swift-version", "6", "-I", products.appending(path: "Modules").path]
        _ = try SpawnedProcess.run(
            ["env", "HOME=\(folder.path)"] + words + maps + [try folder.write("main.swift", text)], in: folder,
            withinMilliseconds: 120_000)
    }
}
