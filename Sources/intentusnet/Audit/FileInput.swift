import Foundation

/// A file that is read in pieces, so that its length does not matter.
final class FileInput {
    struct Failure: Error, CustomStringConvertible { let description: String }

    private static let pieceBytes = 1 << 20

    private let path: String
    private let handle: FileHandle

    init(_ path: String) throws(Failure) {
        self.path = path
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Failure(description: "'\(path)' cannot be opened")
        }
        self.handle = handle
    }

    deinit { try? handle.close() }

    /// The next piece; empty at the end.
    func next() throws(Failure) -> [UInt8] {
        do {
            return Array(try handle.read(upToCount: Self.pieceBytes) ?? Data())
        } catch {
            throw Failure(description: "'\(path)' cannot be read: \(error.localizedDescription)")
        }
    }
}
