import Synchronization

/// A sum that several tasks add to.
final class Tally: Sendable {
    private let sum = Atomic(0)

    var value: Int { sum.load(ordering: .relaxed) }
    func add(_ count: Int) { sum.add(count, ordering: .relaxed) }
}
