import RateLimiting
import Testing

@Suite("Store breaker")
struct StoreBreakerTests {
    @Test("opens after three failures in a row, an answer between them begins anew")
    func opening() {
        var breaker = StoreBreaker()
        for _ in 0..<10 {
            #expect(breaker.failed(jitter: 1) == nil)
            #expect(breaker.failed(jitter: 1) == nil)
            breaker.succeeded()
        }
        #expect(breaker.failed(jitter: 1) == nil)
        #expect(breaker.failed(jitter: 1) == nil)
        #expect(breaker.isClosed)
        #expect(breaker.failed(jitter: 1) == 50_000_000)
        #expect(!breaker.isClosed)
    }

    @Test("only a probe closes it: neither late answers nor late failures change it")
    func closing() {
        var breaker = StoreBreaker()
        for _ in 0..<3 { _ = breaker.failed(jitter: 1) }
        breaker.succeeded()
        #expect(breaker.failed(jitter: 1) == nil)
        #expect(!breaker.isClosed)
        #expect(breaker.probed(answered: true, jitter: 1) == nil)
        #expect(breaker.isClosed)
        #expect(breaker.probed(answered: false, jitter: 1) == nil)
        #expect(breaker.isClosed)
        #expect(breaker.failed(jitter: 1) == nil)
    }

    @Test("waits twice as long each time, a second at most, half of it left to chance")
    func backingOff() {
        var breaker = StoreBreaker()
        for _ in 0..<3 { _ = breaker.failed(jitter: 0) }
        var waits: [Int64] = []
        for _ in 0..<8 { waits.append((breaker.probed(answered: false, jitter: 1) ?? 0) / 1_000_000) }
        #expect(waits == [100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000])
        #expect(breaker.probed(answered: false, jitter: 0) == 500_000_000)
        #expect(breaker.probed(answered: false, jitter: 7) == 1_000_000_000)
        for _ in 0..<100 { #expect(breaker.probed(answered: false, jitter: -1) == 500_000_000) }
    }
}
