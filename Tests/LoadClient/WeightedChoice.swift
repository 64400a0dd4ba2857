/// Chooses places by their weights, in an order that the seed decides.
struct WeightedChoice {
    private var ends: [Int] = []
    private var state: UInt64

    init(_ weights: [Int], seed: UInt64) {
        state = seed
        set(weights)
    }

    mutating func set(_ weights: [Int]) {
        var end = 0
        ends = weights.map { weight in
            end += max(weight, 0)
            return end
        }
    }

    /// The next place; 0 where no weight is above 0.
    mutating func next() -> Int {
        guard let total = ends.last, total > 0 else { return 0 }
        // The generator of SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        let drawn = Int(((mixed ^ (mixed >> 31)) >> 32) % UInt64(total))
        return ends.firstIndex { drawn < $0 } ?? 0
    }
}
