import GatewayHTTP
import Testing

@Suite("Notices that would fill a log")
struct NoticeLimitTests {
    @Test("one of each kind passes in a while, and says how many were held back")
    func limits() {
        let limit = NoticeLimit(everySeconds: 10)
        #expect(limit.admit("a", nowSeconds: 100) == 0)
        #expect(limit.admit("b", nowSeconds: 100) == 0)
        for second in 100..<110 { #expect(limit.admit("a", nowSeconds: Int64(second)) == nil) }
        #expect(limit.admit("a", nowSeconds: 110) == 10)
        #expect(limit.admit("a", nowSeconds: 119) == nil)
        #expect(limit.admit("a", nowSeconds: 120) == 1)
        // A clock that was set back silences nobody for long.
        #expect(limit.admit("a", nowSeconds: 5) == 0)
    }
}
