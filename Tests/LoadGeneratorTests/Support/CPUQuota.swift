import Foundation
import RedisFixtures

/// A part of a core that a process may use and no more, as the limit of a pod is: by a control group of its own.
struct CPUQuota {
    private let folder: String

    /// So short that what waits for its next period waits no longer than a slow answer.
    private static let periodMicroseconds = 10_000
    private static let root = "/sys/fs/cgroup"
    private static let isUnified = FileManager.default.fileExists(atPath: "\(root)/cgroup.controllers")
    private static let parent = isUnified ? root : "\(root)/cpu"

    /// Whether this user may make such groups.
    static let isPossible =
        FileManager.default.isWritableFile(atPath: "\(parent)/cgroup.procs")
        && (!isUnified || text("\(root)/cgroup.subtree_control").split(separator: " ").contains("cpu"))

    /// - Parameter part: of one core, above 0.1.
    init(_ part: Double, of process: SpawnedProcess) throws {
        folder = "\(Self.parent)/intentusnet-\(process.identifier)"
        guard mkdir(folder, 0o755) == 0 else {
            throw FixtureError("no control group '\(folder)': \(String(cString: strerror(errno)))")
        }
        let quota = Int(part * Double(Self.periodMicroseconds))
        if Self.isUnified {
            try write("\(quota) \(Self.periodMicroseconds)", "cpu.max")
        } else {
            try write("\(Self.periodMicroseconds)", "cpu.cfs_period_us")
            try write("\(quota)", "cpu.cfs_quota_us")
        }
        try write("\(process.identifier)", "cgroup.procs")
    }

    /// Ends the group, whose process has ended.
    func remove() { rmdir(folder) }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
