import Foundation

/// The project's own files, found from this file's place.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The rooms under Sources/, with the lines of each Swift file.
    static func rooms() throws -> [(name: String, files: [(path: String, lines: [String])])] {
        let sources = root.appending(path: "Sources")
        return try FileManager.default.contentsOfDirectory(atPath: sources.path).sorted().map { room in
            (room, try swiftFiles(below: sources.appending(path: room)))
        }
    }

    static func swiftFiles(below folder: URL) throws -> [(path: String, lines: [String])] {
        guard let walk = FileManager.default.enumerator(atPath: folder.path) else { return [] }
        return try walk.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted().map { path in
            let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            return (
                "\(folder.lastPathComponent)/\(path)",
                text.split(separator: "\n", omittingEmptySubsequences: false)
                    .map(String.init)
            )
        }
    }

    /// Markdown files that a reader may open: the README and everything in DocC catalogues.
    static func guides() throws -> [URL] {
        var found = [root.appending(path: "README.md")]
        if let walk = FileManager.default.enumerator(atPath: root.appending(path: "Sources").path) {
            for case let path as String in walk where path.hasSuffix(".md") {
                found.append(root.appending(path: "Sources").appending(path: path))
            }
        }
        return found
    }
}
