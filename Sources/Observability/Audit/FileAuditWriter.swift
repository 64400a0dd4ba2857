import Glibc
import Synchronization

/// Appends audit lines to a file, begins a new one when it is long or old, and follows when somebody else moves it.
package final class FileAuditWriter: AuditWriter {
    /// When a new file is begun, and how many old ones stay.
    package struct Rotation: Sendable, Hashable {
        /// A file that would grow beyond this is moved away; 0 for never.
        package var bytesMax: Int64 = 0
        /// Files begin anew when so many seconds of UTC are over: 86,400 for each midnight; 0 for never.
        package var periodSeconds: Int64 = 0
        /// How many old files stay; the oldest gives way.
        package var keep = 1

        package init() {}
    }

    package struct Clocks: Sendable {
        package var monotonicNanoseconds: @Sendable () -> Int64 = Timestamp.monotonicNanoseconds
        package var unixNanoseconds: @Sendable () -> Int64 = Timestamp.unixNanoseconds

        package init() {}
    }

    private struct State: ~Copyable {
        let folder: AuditFolder
        let name: String
        /// Negative while there is no file.
        var descriptor: Int32 = -1
        var bytes: Int64 = 0
        var periodOfFile: Int64 = 0
        var checkedNanoseconds: Int64
        var reopenAsked = false
        var trouble: AuditFault?

        deinit { if descriptor >= 0 { close(descriptor) } }
    }

    private static let checkIntervalNanoseconds: Int64 = 1_000_000_000
    /// Enough for the longest record and what a crash may leave behind it.
    private static let endBytes = 256 << 10

    private let path: String
    private let rotation: Rotation
    private let clocks: Clocks
    private let state: Mutex<State>

    /// Opens the folder, and the file where that is possible: see ``trouble``.
    ///
    /// - Throws: when the folder is not there.
    package init(path: String, rotation: Rotation = Rotation(), clocks: Clocks = Clocks()) throws(AuditFault) {
        self.path = path
        self.rotation = rotation
        self.clocks = clocks
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[..<$0]) } ?? "."
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        var state = State(
            folder: try AuditFolder(folder.isEmpty ? "/" : folder), name: name,
            checkedNanoseconds: clocks.monotonicNanoseconds())
        Self.open(&state, rotation, clocks)
        self.state = Mutex(state)
    }

    package var trouble: AuditFault? { state.withLock { $0.trouble } }

    package func write(_ lines: UnsafeRawBufferPointer) -> AuditWriting {
        state.withLock { state in
            guard state.descriptor >= 0 else { return AuditWriting(bytes: 0, fault: state.trouble) }
            let writing = DescriptorAuditWriter.write(
                lines, to: state.descriptor, named: "the audit file \(path)")
            state.bytes += Int64(writing.bytes)
            return writing
        }
    }

    package func prepare(bytes: Int) -> AuditPlace {
        state.withLock { state in
            let now = clocks.monotonicNanoseconds()
            let isDue = now - state.checkedNanoseconds >= Self.checkIntervalNanoseconds
            if isDue { state.checkedNanoseconds = now }
            let isAsked = isDue || state.reopenAsked
            state.reopenAsked = false
            guard state.descriptor >= 0 else {
                if isAsked, Self.open(&state, rotation, clocks) { return .new }
                return .away(state.trouble ?? AuditFault("the audit file \(path) is not open"))
            }
            if isAsked {
                // Somebody moved the file away, or a rotation of our own could not open the next one.
                if !state.folder.leads(state.name, to: state.descriptor) {
                    return Self.open(&state, rotation, clocks) ? .new : .same
                }
                // What others have cut off or added counts too.
                state.bytes = Self.size(of: state.descriptor)
            }
            guard state.bytes > 0, mustRotate(state, bytes) else { return .same }
            // A shift that failed is tried again at the next look; until then the file goes on growing.
            guard state.trouble == nil || isAsked else { return .same }
            do throws(AuditFault) {
                try state.folder.shift(state.name, keeping: rotation.keep)
            } catch {
                state.trouble = error
                return .same
            }
            return Self.open(&state, rotation, clocks) ? .new : .same
        }
    }

    private func mustRotate(_ state: borrowing State, _ bytes: Int) -> Bool {
        if rotation.bytesMax > 0, state.bytes + Int64(bytes) > rotation.bytesMax { return true }
        return rotation.periodSeconds > 0
            && rotation.period(unixNanoseconds: clocks.unixNanoseconds()) > state.periodOfFile
    }

    package func past() -> AuditLink? {
        state.withLock { state in
            guard state.descriptor >= 0 else { return nil }
            let end = Self.end(of: state.descriptor, Self.endBytes)
            guard !end.isEmpty else {
                // The file is new: a crash or somebody else came between the move of the old one and its first line.
                guard let old = state.folder.openOld("\(state.name).1") else { return nil }
                defer { close(old) }
                return AuditLink(endOf: Self.end(of: old, Self.endBytes))
            }
            var link = AuditLink(endOf: end)
            guard end.last != UInt8(ascii: "\n") else { return link }
            // A line of its own for what a crash has cut, so that the next record is not part of it.
            let writing = [UInt8(ascii: "\n")].withUnsafeBytes {
                DescriptorAuditWriter.write($0, to: state.descriptor, named: path)
            }
            state.bytes += Int64(writing.bytes)
            link?.tornBytes += writing.bytes
            return link
        }
    }

    package func reopen() { state.withLock { $0.reopenAsked = true } }

    package func finish() {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            _ = fdatasync(state.descriptor)
            close(state.descriptor)
            state.descriptor = -1
            state.reopenAsked = true
        }
    }

    /// Opens the file in the place of the one that is open; that one stays where the new one cannot be had.
    ///
    /// - Returns: whether lines go to another file now.
    @discardableResult
    private static func open(_ state: inout State, _ rotation: Rotation, _ clocks: Clocks) -> Bool {
        do throws(AuditFault) {
            let descriptor = try state.folder.openFile(state.name)
            if state.descriptor >= 0 { close(state.descriptor) }
            state.descriptor = descriptor
            state.trouble = nil
        } catch {
            state.trouble = error
            return false
        }
        state.bytes = size(of: state.descriptor)
        var facts = stat()
        let changed = state.bytes > 0 && fstat(state.descriptor, &facts) == 0
        let unix = changed ? Int64(facts.st_mtim.tv_sec) * 1_000_000_000 : clocks.unixNanoseconds()
        state.periodOfFile = rotation.period(unixNanoseconds: unix)
        return true
    }

    private static func size(of descriptor: Int32) -> Int64 {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 ? Int64(facts.st_size) : 0
    }

    private static func end(of descriptor: Int32, _ count: Int) -> [UInt8] {
        let size = size(of: descriptor)
        let start = max(0, size - Int64(count))
        return [UInt8](unsafeUninitializedCapacity: Int(size - start)) { buffer, initialized in
            initialized = max(0, pread(descriptor, buffer.baseAddress, buffer.count, off_t(start)))
        }
    }
}

extension FileAuditWriter.Rotation {
    fileprivate func period(unixNanoseconds: Int64) -> Int64 {
        periodSeconds > 0 ? unixNanoseconds / 1_000_000_000 / periodSeconds : 0
    }
}
