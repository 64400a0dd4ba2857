import Glibc
import Synchronization
import Testing

@testable import Machine

/// Random bits that are taken from the kernel in batches.
@Suite("Random bytes")
struct RandomBytesTests {
    @Test("many threads get no number twice, and every bit is set as often as not")
    func distinct() async {
        let random = RandomBytes()
        let all = await withTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<4 { group.addTask { (0..<25_000).map { _ in random.next() } } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(all).count == all.count)
        for bit in 0..<64 {
            let share = Double(all.count { $0 >> UInt64(bit) & 1 == 1 }) / Double(all.count)
            // Six standard deviations of a fair coin.
            #expect(abs(share - 0.5) < 0.01, "bit \(bit): \(share)")
        }
    }

    @Test("what was given is nowhere in its memory any more")
    func wiped() {
        let random = RandomBytes()
        let given = Set((0..<(RandomBytes.batchWords - 1)).map { _ in random.next() })
        #expect(given.isDisjoint(with: random.words))
        #expect(random.words.filter { $0 != 0 }.count == 2, "the one that is left, and the count")
    }

    @Test("a process that is forked finds the memory empty, and gives other bits")
    func forked() throws {
        let random = RandomBytes()
        _ = random.next()
        let seen = try inForkedChild { Array(random.words.prefix(3)) + [random.next()] }
        #expect(Array(seen.prefix(3)) == [0, 0, 0])
        #expect(seen[3] != random.next())
    }

    /// Runs something in a child that is forked from this thread; words through a pipe come back.
    private func inForkedChild(_ work: () -> [UInt64]) throws -> [UInt64] {
        // Swift imports no `fork`, for good reasons: the child here calls nothing but what it has to.
        typealias Fork = @convention(c) () -> pid_t
        let fork = unsafeBitCast(try #require(dlsym(nil, "fork")), to: Fork.self)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let child = fork()
        if child == 0 {
            let words = work()
            words.withUnsafeBytes { _ = write(ends[1], $0.baseAddress, $0.count) }
            _exit(0)
        }
        try #require(child > 0)
        close(ends[1])
        var words = [UInt64](repeating: .max, count: 4)
        let count = words.withUnsafeMutableBytes { read(ends[0], $0.baseAddress, $0.count) }
        close(ends[0])
        var status: Int32 = 0
        waitpid(child, &status, 0)
        #expect(count == 32)
        return words
    }
}
