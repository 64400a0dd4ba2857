extension BucketDemand {
    /// A demand on the same bucket for tokens that were used already.
    func charging(_ tokens: Int) -> BucketDemand {
        BucketDemand(limit: limit, key: key, fields: fields, cost: tokens, isCharge: true)
    }

    /// What the shared store is asked for to settle a request; less than 0 gives tokens back, whenever that is.
    func settlingAsk(_ deltaTokens: Int, _ rules: LeaseRules) -> BucketAsk {
        var ask = ask(minimum: 0, wanted: deltaTokens, rules)
        ask.isShadow = false
        ask.isCharge = deltaTokens > 0
        ask.returnsUntilMicroseconds = deltaTokens < 0 ? Self.anyTimeMicroseconds : 0
        return ask
    }

    /// Later than any clock, and still exact in Lua.
    private static let anyTimeMicroseconds: Int64 = 9_000_000_000_000_000
}
