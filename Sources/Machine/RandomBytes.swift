import Glibc
import Synchronization

/// Random bits of the kernel's generator, taken from it in batches: a system call for each costs more than sealing's hash.
///
/// The bytes lie in a page of their own, which a process that is forked from this one finds empty (`MADV_WIPEONFORK`), so that both never
/// give the same, and which no core dump has. What was given is zeroed before it is returned. A machine that is restored twice from one
/// snapshot gives up to 32 words twice: whatever seals has to be started anew behind that. Safe to mark as sendable
/// without checks: the page is touched under the lock alone.
package final class RandomBytes: @unchecked Sendable {
    /// The first word counts those that are left; the others are random, taken from the end.
    private let page: UnsafeMutablePointer<UInt64>?
    private let lock = Mutex(())

    private static let pageBytes = 4_096
    /// The most that `getentropy` gives at once, 256 bytes.
    static let batchWords = 32

    package init() {
        let mapped = mmap(nil, Self.pageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != MAP_FAILED else {
            page = nil
            return
        }
        // A kernel that cannot promise that gives no page: then every word is a call.
        guard madvise(mapped, Self.pageBytes, MADV_WIPEONFORK) == 0,
            madvise(mapped, Self.pageBytes, MADV_DONTDUMP) == 0
        else {
            munmap(mapped, Self.pageBytes)
            page = nil
            return
        }
        page = mapped.bindMemory(to: UInt64.self, capacity: Self.pageBytes / MemoryLayout<UInt64>.stride)
    }

    deinit {
        guard let page else { return }
        explicit_bzero(page, Self.pageBytes)
        munmap(page, Self.pageBytes)
    }

    /// 64 bits that were given to nobody else.
    package func next() -> UInt64 {
        guard let page else { return .random(in: .min ... .max) }
        return lock.withLock { _ in
            if page[0] == 0 {
                guard Self.fill(page + 1) else { return .random(in: .min ... .max) }
                page[0] = UInt64(Self.batchWords)
            }
            let place = Int(page[0])
            let bits = page[place]
            page[place] = 0
            page[0] = UInt64(place - 1)
            return bits
        }
    }

    /// The memory as it is, the count first; for tests.
    var words: [UInt64] {
        guard let page else { return [] }
        return lock.withLock { _ in Array(UnsafeBufferPointer(start: page, count: Self.batchWords + 1)) }
    }

    /// False when the kernel gave none: then nothing of it is used.
    private static func fill(_ words: UnsafeMutablePointer<UInt64>) -> Bool {
        getentropy(words, batchWords * MemoryLayout<UInt64>.stride) == 0
    }
}
