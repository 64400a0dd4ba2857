/// A result as one page that needs nothing else: no script, no font, no picture from anywhere.
package enum HTMLReport {
    package static func page(_ result: LoadResult) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Load test \(HTMLText.escaped(result.startedAt))</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        <main>
        \(header(result))
        \(tiles(result))
        \(warnings(result))
        <section><h2>Latency by percentile</h2>\(HTMLPlots.byPercentile(result))</section>
        <section><h2>Latency over time</h2>\(HTMLPlots.latencyOverTime(result))</section>
        <section><h2>Requests a second over time</h2>\(HTMLPlots.ratesOverTime(result))</section>
        <section><h2>Requests in flight over time</h2>\(HTMLPlots.inFlightOverTime(result))</section>
        \(HTMLTables.all(result))
        </main>
        </body>
        </html>

        """
    }

    private static func header(_ result: LoadResult) -> String {
        let isGood = result.isPassed && (result.trials.isEmpty || result.capacityPerSecond != nil)
        var verdict = result.thresholds.isEmpty ? "no threshold was set" : isGood ? "passed" : "failed"
        if result.isInterrupted { verdict += ", interrupted" }
        let kind = result.thresholds.isEmpty ? "" : isGood ? " good" : " bad"
        let capacity =
            result.capacityPerSecond.map {
                "<p>Capacity: <strong>\(Milliseconds.fixed($0, 0))</strong> requests a second.</p>"
            }
            ?? ""
        return """
            <header><h1>Load test</h1><p class="verdict\(kind)">\(verdict)</p>\(capacity)
            <p class="quiet">\(HTMLText.escaped(result.startedAt)), \(Milliseconds.fixed(result.scheduledSeconds, 1)) s, \
            seed \(result.seed), \(HTMLText.escaped(result.tool)). Latencies count from when a request was due.</p></header>
            """
    }

    private static func tiles(_ result: LoadResult) -> String {
        let latency = result.total.latency
        let tiles = [
            ("due", "\(Milliseconds.fixed(result.offeredPerSecond, 0))/s"),
            ("answered", "\(Milliseconds.fixed(result.answeredPerSecond, 0))/s"),
            ("p50", Milliseconds.text(latency[50])), ("p99", Milliseconds.text(latency[99])),
            ("p99.9", Milliseconds.text(latency[99.9])), ("max", Milliseconds.text(latency.maxMicroseconds)),
            ("errors", LoadSummary.percent(result.total.errors, result.total.offered)),
            ("limited", LoadSummary.percent(result.total.limited, result.total.offered)),
        ]
        let items = tiles.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }
        return "<dl class=\"tiles\">\(items.joined())</dl>"
    }

    private static func warnings(_ result: LoadResult) -> String {
        guard !result.warnings.isEmpty else { return "" }
        let items = result.warnings.map { "<li>\(HTMLText.escaped($0))</li>" }
        return "<section class=\"warnings\"><h2>Before you believe it</h2><ul>\(items.joined())</ul></section>"
    }

    private static let style = """
        :root { --ground: #fcfcfb; --ink: #1d1f21; --quiet: #5c6064; --line: #dcdcd8; --good: #1a7f4b; --bad: #b3261e;
          --series-0: #1f6fb5; --series-1: #c2570c; --series-2: #6f4fb0; --series-3: #15806f; }
        @media (prefers-color-scheme: dark) {
          :root { --ground: #17181a; --ink: #e8e8e6; --quiet: #a2a6aa; --line: #34373a; --good: #5cc98f; --bad: #ff8a80;
            --series-0: #6cb2f0; --series-1: #f5a25d; --series-2: #b79cf0; --series-3: #5fd0bc; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 860px; margin: 0 auto; padding: 24px 16px 64px; }
        h1 { font-size: 24px; margin: 0; } h2 { font-size: 17px; margin: 32px 0 8px; }
        .quiet { color: var(--quiet); } .verdict { font-weight: 600; margin: 4px 0; }
        .good { color: var(--good); } .bad { color: var(--bad); }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(92px, 1fr)); gap: 12px; margin: 20px 0; }
        .tiles dt { color: var(--quiet); font-size: 13px; } .tiles dd { margin: 0; font-size: 19px; font-weight: 600; white-space: nowrap; }
        .warnings { border-left: 3px solid var(--bad); padding-left: 14px; } .warnings h2 { margin-top: 0; }
        svg { width: 100%; height: auto; display: block; }
        .grid { stroke: var(--line); } .axis { stroke: var(--quiet); }
        .tick, .title { fill: var(--quiet); font: 12px system-ui, sans-serif; }
        .line { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
        .dot { fill: currentColor; opacity: 0; } .dot:hover { opacity: 1; }
        .s0 { color: var(--series-0); } .s1 { color: var(--series-1); } .s2 { color: var(--series-2); } .s3 { color: var(--series-3); }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 6px; padding: 0; font-size: 13px; }
        .key { display: inline-block; width: 18px; height: 3px; border-radius: 2px; margin-right: 6px; vertical-align: middle; background: currentColor; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
        th, td { padding: 5px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
        th:first-child { text-align: left; } th { font-weight: 600; } thead th { color: var(--quiet); }
        """
}
