import Foundation
import RedisFixtures

/// The project that is tested, and what is written in it for people.
enum Project {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static var readme: Page { get throws { try Page(root.appending(path: "README.md")) } }

    /// The README and every guide.
    static var pages: [Page] {
        get throws {
            let guides = root.appending(path: "Sources/intentusnet/intentusnet.docc")
            let names = try FileManager.default.contentsOfDirectory(atPath: guides.path)
            return [try readme]
                + (try names.filter { $0.hasSuffix(".md") }.sorted().map { try Page(guides.appending(path: $0)) })
        }
    }

    /// Whether there is something to clone: a tree that came as an archive has no history.
    static let isRepository = FileManager.default.fileExists(atPath: root.appending(path: ".git").path)

    /// With `INTENTUSNET_SOAK` the clone is built for real.
    static let isSoak = ProcessInfo.processInfo.environment["INTENTUSNET_SOAK"] != nil
}
