import RateLimiting
import Testing

@Suite("Memory bucket store under concurrency")
struct MemoryBucketStoreConcurrencyTests {
    @Test("four tasks on one bucket get exactly its tokens")
    func oneBucket() async {
        let fixture = StoreFixture()
        let limit = RateLimit(name: "r", ratePerMinute: 10_000)
        let demand = fixture.demand(limit, "k")
        let store = fixture.store
        let admitted = await together { _ in
            (0..<20_000).count { _ in store.takeNow(demand, nowNanoseconds: 0).isAdmitted }
        }
        #expect(admitted.reduce(0, +) == 10_000)
        #expect(store.gauges().admitted == 10_000)
        #expect(store.gauges().refused == 70_000)
    }

    @Test("calls over several buckets in opposite orders neither wait for each other nor take halves")
    func severalBuckets() async {
        let fixture = StoreFixture()
        let first = fixture.demand(RateLimit(name: "first", ratePerMinute: 5_000), "k")
        let second = fixture.demand(RateLimit(name: "second", ratePerMinute: 3_000), "k")
        let third = fixture.demand(RateLimit(name: "third", ratePerMinute: 4_000), "k")
        let orders = [
            [first, second, third], [third, second, first], [second, first, third], [third, first, second],
        ]
        let store = fixture.store
        let admitted = await together { task in
            (0..<5_000).count { _ in store.takeNow(orders[task], nowNanoseconds: 0).isAdmitted }
        }
        #expect(admitted.reduce(0, +) == 3_000)
        #expect((0..<5_000).count { _ in store.takeNow(first, nowNanoseconds: 0).isAdmitted } == 2_000)
        #expect((0..<5_000).count { _ in store.takeNow(third, nowNanoseconds: 0).isAdmitted } == 1_000)
    }

    @Test("the bound holds while four tasks bring new keys")
    func bound() async {
        let fixture = StoreFixture(keysMax: 1_000)
        let prepared = fixture.store.hasher.prepare(RateLimit(name: "r", ratePerMinute: 3))
        let store = fixture.store
        let admitted = await together { task in
            (0..<5_000).count { store.takeNow(prepared.demand(on: "\(task)/\($0)"), nowNanoseconds: 0).isAdmitted }
        }
        #expect(admitted.reduce(0, +) == 1_003)
        #expect(store.gauges().liveKeys == 1_001)
    }

    private func together(_ work: @escaping @Sendable (Int) -> Int) async -> [Int] {
        await withTaskGroup(of: Int.self) { group in
            for task in 0..<4 { group.addTask { work(task) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
