import Foundation
import LoadGenerator
import Testing

@Suite("Reports")
struct ReportTests {
    private static func sample() throws -> LoadResult {
        try LoadResultKeys.sample(try Plans.steady(["http://127.0.0.1:1"], rate: 1, seconds: 1))
    }

    @Test("the page needs nothing else: no script, no address, and names that are text whatever they hold")
    func page() throws {
        let page = HTMLReport.page(try Self.sample())
        for foreign in ["<script", "http://", "https://", "url(", "@import", "<link", "<img", "javascript:", "onload"] {
            #expect(!page.contains(foreign), "\(foreign)")
        }
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;"))
        #expect(page.contains("prefers-color-scheme: dark") && page.contains("<svg") && page.contains("aria-label"))
        for title in ["Latency by percentile", "Latency over time", "Thresholds", "Trials", "Outcomes", "By target"] {
            #expect(page.contains("<h2>\(title)</h2>"), "\(title)")
        }
        // Well-formed, but for what HTML writes without an end.
        let xml = page.replacing("<!DOCTYPE html>", with: "").replacing(#/<meta [^>]*>/#, with: "")
        #expect(WellFormed.check(xml))
    }

    @Test("no answers and no requests make a page, too")
    func empty() throws {
        var result = try Self.sample()
        result.distribution = []
        result.timeline = []
        result.outcomes = []
        let page = HTMLReport.page(result)
        #expect(page.contains("Nothing to show.") && !page.contains("nan") && !page.contains("inf\""))
    }

    @Test("a long run stays a small page, and no peak is lost")
    func long() throws {
        var result = try Self.sample()
        let point = result.timeline[0]
        result.timeline = (1...86_400).map { second in
            var next = point
            next.endSeconds = Double(second)
            next.maxMicroseconds = second == 50_000 ? 9_000_000 : 1_000
            return next
        }
        let page = HTMLReport.page(result)
        #expect(page.utf8.count < 400_000)
        #expect(page.contains("10 s"), "the axis reaches what only one second had")
    }

    @Test("the result is read back as it was written")
    func json() throws {
        let result = try Self.sample()
        let again = try JSONDecoder().decode(LoadResult.self, from: try JSONEncoder().encode(result))
        #expect(again.total == result.total && again.timeline == result.timeline && again.trials == result.trials)
        #expect(again.schemaVersion == LoadResult.schemaVersion && again.isPassed)
    }

    @Test("the summary says what failed")
    func summary() throws {
        var result = try Self.sample()
        result.thresholds = [try Threshold("p99>1us").verdict(result)]
        let text = LoadSummary.text(result)
        #expect(text.contains("FAILED p99>1us: p99: 0.00 ms") && text.contains("capacity: 1 requests a second"))
    }
}

/// Whether tags are closed in the order in which they were opened.
enum WellFormed {
    static func check(_ text: String) -> Bool {
        var open: [Substring] = []
        for tag in text.matches(of: #/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/#) {
            if !tag.3.isEmpty { continue }
            if tag.1.isEmpty { open.append(tag.2) } else if open.popLast() != tag.2 { return false }
        }
        return open.isEmpty
    }
}
