import Testing

@testable import KeySources

@Suite("Freshness by Cache-Control")
struct CacheControlTests {
    @Test(
        "max-age counts, less Age",
        arguments: [
            (["max-age=300"], nil, Int64(300)), (["public, max-age=300"], nil, 300), (["Max-Age=\"60\""], nil, 60),
            (["public", "max-age=300"], "100", 200), (["max-age=10"], "100", 0), (["max-age=300, max-age=5"], nil, 5),
            (["no-store"], nil, 0), (["max-age=300, no-cache"], nil, 0),
            (["max-age=99999999999999999999"], nil, Int64.max / 2),
        ] as [([String], String?, Int64)])
    func told(_ lines: [String], _ age: String?, _ seconds: Int64) {
        #expect(CacheControl.freshForSeconds(cacheControl: lines, age: age) == seconds)
    }

    @Test(
        "anything else says nothing",
        arguments: [[], [""], ["private"], ["max-age"], ["max-age="], ["max-age=-1"], ["max-age=x"], ["s-maxage=5"]])
    func notTold(_ lines: [String]) {
        #expect(CacheControl.freshForSeconds(cacheControl: lines, age: nil) == nil)
    }
}
