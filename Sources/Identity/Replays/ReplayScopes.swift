/// The scopes of proofs, each with a small number in its place; one that has no proof left is forgotten.
struct ReplayScopes {
    private struct Scope {
        /// Bytes, for texts that look the same are not.
        var name: [UInt8]
        var proofCount: Int
    }

    private var scopes: [Scope] = []
    private var places: [[UInt8]: Int] = [:]
    private var free: [Int] = []
    /// The one that was asked for last, which is mostly the next one too.
    private var last: Int?

    /// The place of a scope that has proofs.
    mutating func place(of scope: String) -> Int? {
        if let last, Self.isSame(scope, scopes[last].name) { return last }
        guard let place = places[Array(scope.utf8)] else { return nil }
        last = place
        return place
    }

    /// The place of a scope that has one proof more.
    ///
    /// - Parameter known: what ``place(of:)`` said just before.
    mutating func use(_ scope: String, known: Int?) -> Int {
        if let known {
            scopes[known].proofCount += 1
            return known
        }
        let added = Scope(name: Array(scope.utf8), proofCount: 1)
        let place = free.popLast() ?? scopes.count
        if place == scopes.count { scopes.append(added) } else { scopes[place] = added }
        places[added.name] = place
        last = place
        return place
    }

    /// One proof less.
    mutating func release(_ place: Int) {
        scopes[place].proofCount -= 1
        guard scopes[place].proofCount == 0 else { return }
        places[scopes[place].name] = nil
        scopes[place].name = []
        free.append(place)
        if last == place { last = nil }
    }

    private static func isSame(_ scope: String, _ name: [UInt8]) -> Bool {
        scope.utf8.withContiguousStorageIfAvailable { UnsafeRawBufferPointer($0).equals(name) }
            ?? scope.utf8.elementsEqual(name)
    }
}
