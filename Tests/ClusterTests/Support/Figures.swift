import LoadClient

/// One part of another, in percent with one place.
func percent(_ part: Int, _ whole: Int) -> String {
    let tenths = whole > 0 ? (part * 1_000 + whole / 2) / whole : 0
    return "\(tenths / 10).\(tenths % 10) %"
}

/// Microseconds as milliseconds with one place.
func milliseconds(_ microseconds: Int) -> String { "\(microseconds / 1_000).\(microseconds % 1_000 / 100) ms" }

/// What became of some requests, in one line.
func summary(_ counts: LoadTally.Counts) -> String {
    let statuses = counts.statuses.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
    return "\(statuses.joined(separator: ", ")), \(counts.connectionFailures) connection failures, "
        + "\(counts.unanswered) unanswered, \(counts.late) late, p50 \(milliseconds(counts.latency.quantileMicroseconds(0.5))), "
        + "p99 \(milliseconds(counts.latency.quantileMicroseconds(0.99)))"
}

/// How far the client fell behind its own schedule, which no gateway is to blame for.
func lag(_ report: LoadReport) -> String {
    let lag = report.sum().lag
    return
        "client late by \(milliseconds(lag.quantileMicroseconds(0.99))) (p99), \(milliseconds(lag.maxMicroseconds)) (worst)"
}
