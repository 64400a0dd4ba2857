import Foundation

/// What the kernel tells of processes and of the machine.
enum ProcessTimes {
    /// User and system time of a process, in seconds.
    static func cpuSeconds(_ identifier: Int32) -> Double {
        let fields = fields(identifier)
        guard fields.count > 12 else { return 0 }
        return ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / 100
    }

    /// Whether it has ended, and nobody has waited for it yet.
    static func hasEnded(_ identifier: Int32) -> Bool { fields(identifier).first.map { $0 == "Z" } ?? true }

    /// Seconds of all cores since the machine began: idle, and everything else.
    static func machine() -> (idle: Double, busy: Double) {
        let text = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? ""
        let times = (text.split(separator: "\n").first ?? "").split(separator: " ").dropFirst().prefix(8)
            .map { (Double($0) ?? 0) / 100 }
        guard times.count == 8 else { return (0, 0) }
        let idle = times[3] + times[4]
        return (idle, times.reduce(0, +) - idle)
    }

    /// The fields of a process behind its name: state, …, user and system time in hundredths of a second.
    private static func fields(_ identifier: Int32) -> [Substring] {
        guard let text = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return [] }
        return text[text.index(after: end)...].split(separator: " ")
    }
}
