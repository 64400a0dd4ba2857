/// Finds what somebody probably meant to write.
package enum NearestWord {
    /// The candidate nearest to a word, or nil when none is near enough to be meant.
    ///
    /// Letter case, `_` and `-` do not count; beyond that up to three edits (insert, drop, change, swap neighbours),
    /// and fewer than half the letters, may differ; failing that, the words must begin alike (`bodyBytes` for
    /// `bodyBytesMax`). Of equally near ones the first wins.
    package static func of(_ word: String, among candidates: [String]) -> String? {
        let target = folded(word)
        guard !target.isEmpty, target.count <= 128 else { return nil }
        let folds = candidates.map(folded)
        return nearest(zip(candidates, folds.map { edits(target, $0) }))
            ?? nearest(zip(candidates, folds.map { lettersLeft(target, $0) }))
    }

    private static func nearest(_ scored: Zip2Sequence<[String], [Int?]>) -> String? {
        var best: (word: String, distance: Int)?
        for case (let word, let distance?) in scored where distance < best?.distance ?? Int.max {
            best = (word, distance)
        }
        return best?.word
    }

    /// How many edits lead from one word to the other; nil when too many.
    private static func edits(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int? {
        let allowed = min(3, max(1, (max(left.count, right.count) - 1) / 2))
        guard abs(left.count - right.count) <= allowed else { return nil }
        let distance = distance(left, right)
        return distance <= allowed ? distance : nil
    }

    /// How many letters of two words do not belong to their common beginning; nil when that is too short.
    private static func lettersLeft(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int? {
        let common = zip(left, right).prefix { $0 == $1 }.count
        let shorter = min(left.count, right.count)
        guard common >= 4, common * 3 >= shorter * 2 else { return nil }
        return left.count + right.count - 2 * common
    }

    /// "; did you mean 'issuer'?", or nothing.
    package static func hint(_ word: String, among candidates: [String]) -> String {
        of(word, among: candidates).map { "; did you mean '\($0)'?" } ?? ""
    }

    private static func folded(_ word: String) -> [Unicode.Scalar] {
        word.lowercased().unicodeScalars.filter { $0 != "_" && $0 != "-" }
    }

    /// Damerau's distance with optimal string alignment.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, scalar) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (scalar == other ? 0 : 1))
                if row > 0, column > 0, scalar == right[column - 1], left[row - 1] == other {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
