import Foundation
import Identity
import Testing

@testable import KeySources

@Suite("Key sets from files")
struct FileKeySetSourceTests {
    private func inFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    @Test("a file is read as it is")
    func read() async throws {
        try await inFolder { folder in
            let file = folder.appendingPathComponent("jwks.json")
            try Data(SampleKeySet.bytes).write(to: file)
            let fetched = try await FileKeySetSource(path: file.path).fetch()
            #expect(fetched.bytes == SampleKeySet.bytes)
            #expect(fetched.freshForSeconds == nil)
            #expect(try KeySet(parsingJWKS: fetched.bytes).count == 1)
        }
    }

    @Test("S9 a file above 512 KiB is refused")
    func tooLarge() async throws {
        try await inFolder { folder in
            let file = folder.appendingPathComponent("jwks.json")
            try Data(repeating: 0x20, count: KeySet.bytesMax + 1).write(to: file)
            await #expect(throws: KeySetError.tooLarge("it has more than \(KeySet.bytesMax) bytes")) {
                try await FileKeySetSource(path: file.path).fetch()
            }
        }
    }

    @Test("what is not there, is a folder or could block is refused")
    func notAFile() async throws {
        try await inFolder { folder in
            let pipe = folder.appendingPathComponent("pipe").path
            #expect(mkfifo(pipe, 0o600) == 0)
            for path in [folder.path, folder.path + "/missing", pipe, "/dev/zero", ""] {
                await #expect(throws: KeySetError.self) { try await FileKeySetSource(path: path).fetch() }
            }
        }
    }

    @Test("a change is seen by size, time or identity, and once only")
    func changes() async throws {
        try await inFolder { folder in
            let file = folder.appendingPathComponent("jwks.json")
            try Data(SampleKeySet.bytes).write(to: file)
            let source = FileKeySetSource(path: file.path)
            #expect(source.hasChanged())
            _ = try await source.fetch()
            #expect(!source.hasChanged())
            // The same bytes in another file that takes the place of the first, as mounted secrets are swapped.
            try Data(SampleKeySet.bytes).write(to: file, options: .atomic)
            #expect(source.hasChanged())
            _ = try await source.fetch()
            #expect(!source.hasChanged())
            try FileManager.default.removeItem(at: file)
            #expect(!source.hasChanged())
        }
    }
}
