import Glibc
import Synchronization

/// Appends audit lines to a file, and opens the file anew when its path was rotated away.
package final class FileAuditWriter: AuditWriter {
    /// Why the file could not be opened.
    package struct OpenError: Error, CustomStringConvertible {
        package let path: String
        package let code: Int32
        package var description: String { "cannot open the audit file \(path): \(String(cString: strerror(code)))" }
    }

    private struct State: ~Copyable {
        var descriptor: Int32
        var checkedNanoseconds: Int64
        /// A line that was cut by a full disk must end in the file in which it began.
        var isMidLine = false

        deinit { close(descriptor) }
    }

    private static let checkIntervalNanoseconds: Int64 = 1_000_000_000

    private let path: String
    private let nowNanoseconds: @Sendable () -> Int64
    private let state: Mutex<State>

    /// Opens the file for appending; it is made with mode 0640 when it is not there.
    package init(
        path: String, nowNanoseconds: @escaping @Sendable () -> Int64 = Timestamp.monotonicNanoseconds
    ) throws(OpenError) {
        self.path = path
        self.nowNanoseconds = nowNanoseconds
        let descriptor = Self.open(path)
        guard descriptor >= 0 else { throw OpenError(path: path, code: errno) }
        state = Mutex(State(descriptor: descriptor, checkedNanoseconds: nowNanoseconds()))
    }

    package func write(_ lines: UnsafeRawBufferPointer) -> Int {
        state.withLock { state in
            reopenIfRotated(&state)
            let written = DescriptorAuditWriter.write(lines, to: state.descriptor)
            if written > 0 { state.isMidLine = lines[written - 1] != UInt8(ascii: "\n") }
            return written
        }
    }

    /// Looks at the path at most once a second; keeps the old file when the new one cannot be opened.
    private func reopenIfRotated(_ state: inout State) {
        let now = nowNanoseconds()
        guard !state.isMidLine, now - state.checkedNanoseconds >= Self.checkIntervalNanoseconds else { return }
        state.checkedNanoseconds = now
        var open = stat()
        var named = stat()
        guard fstat(state.descriptor, &open) == 0 else { return }
        if stat(path, &named) == 0, named.st_ino == open.st_ino, named.st_dev == open.st_dev { return }
        let descriptor = Self.open(path)
        guard descriptor >= 0 else { return }
        close(state.descriptor)
        state.descriptor = descriptor
    }

    private static func open(_ path: String) -> Int32 {
        Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    }
}
