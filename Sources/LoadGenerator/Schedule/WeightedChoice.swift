/// Chooses places by their weights.
package struct WeightedChoice: Sendable {
    /// Where the part of each place ends; the last is the sum of all.
    private let ends: [Double]

    /// - Parameter weights: in relation to each other, none below 0.
    package init(_ weights: [Double]) {
        var end = 0.0
        ends = weights.map { weight in
            end += weight
            return end
        }
    }

    /// A place; 0 where no weight is above 0.
    package func pick(_ generator: inout SplitMix64) -> Int {
        guard ends.count > 1, let total = ends.last, total > 0 else { return 0 }
        let drawn = generator.unit() * total
        var low = 0
        var high = ends.count - 1
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > drawn { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
