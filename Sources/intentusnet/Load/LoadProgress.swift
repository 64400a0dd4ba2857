import Foundation
import LoadGenerator

/// A line a second on standard error: one that is written over on a terminal, one below the other elsewhere.
struct LoadProgress {
    private let isQuiet: Bool
    private let isTerminal = isatty(STDERR_FILENO) == 1

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    func show(_ interval: LoadRun.Interval) {
        guard !isQuiet else { return }
        let text = LoadSummary.line(interval)
        write(isTerminal ? "\r\u{1B}[2K\(text)" : "\(text)\n")
    }

    /// Leaves the line.
    func end() {
        if !isQuiet, isTerminal { write("\n") }
    }

    func say(_ text: String) {
        if !isQuiet { write("\(text)\n") }
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
