import Foundation

/// Memory between two pages that may not be touched: a step over either end of it ends the process.
final class GuardedMemory {
    private static let pageByteCount = sysconf(Int32(_SC_PAGESIZE))
    private let base: UnsafeMutableRawPointer
    private static let mappedByteCount = 3 * pageByteCount

    init?() {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let base = mmap(nil, Self.mappedByteCount, PROT_NONE, flags, -1, 0), base != MAP_FAILED else {
            return nil
        }
        self.base = base
        guard mprotect(base + Self.pageByteCount, Self.pageByteCount, PROT_READ | PROT_WRITE) == 0 else { return nil }
    }

    deinit { munmap(base, Self.mappedByteCount) }

    /// Memory that ends where the page ends, or begins where it begins; at most a page of it.
    func bytes(_ count: Int, atEnd: Bool) -> UnsafeMutableRawBufferPointer {
        let start = base + Self.pageByteCount + (atEnd ? Self.pageByteCount - count : 0)
        return UnsafeMutableRawBufferPointer(start: start, count: count)
    }
}
