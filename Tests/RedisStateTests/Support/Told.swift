import Synchronization

/// What was told, in its order, on whatever thread.
final class Told<Word: Sendable>: Sendable {
    private let words = Mutex<[Word]>([])

    func add(_ word: Word) { words.withLock { $0.append(word) } }
    var all: [Word] { words.withLock { $0 } }
}
