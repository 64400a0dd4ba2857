/// A release of Redis, and whether those who made it have mended in it what lets scripts take the server over (pitfall S24).
struct RedisVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    let major: Int
    let minor: Int
    let patch: Int

    /// The first release of each line that is mended of CVE-2025-49844; lines that are not here and older than the last have none.
    private static let mended = [(6, 2, 20), (7, 2, 11), (7, 4, 6), (8, 0, 4), (8, 2, 2)]
        .map { RedisVersion(major: $0.0, minor: $0.1, patch: $0.2) }

    /// The releases of ``mended``, to be read.
    static let mendedText = mended.map(\.description).joined(separator: ", ")

    private init(major: Int, minor: Int, patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// Reads `7.0.15`; nil for anything else.
    init?(_ text: Substring) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 3, let major = parts[0], let minor = parts[1], let patch = parts[2],
            major >= 0, minor >= 0, patch >= 0
        else { return nil }
        self.init(major: major, minor: minor, patch: patch)
    }

    /// Whether the release as Redis published it is not mended.
    var isVulnerable: Bool {
        if let line = Self.mended.first(where: { ($0.major, $0.minor) == (major, minor) }) { return self < line }
        return Self.mended.last.map { self < $0 } ?? false
    }

    var description: String { "\(major).\(minor).\(patch)" }

    static func < (left: RedisVersion, right: RedisVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}
