import Foundation
import Observability
import Testing

@Suite("Health")
struct HealthStateTests {
    @Test("is ready only while serving, and never again once draining")
    func phases() {
        let health = HealthState()
        #expect(!health.report().isReady)
        #expect(String(decoding: health.report().readinessJSON, as: UTF8.self).contains("\"reason\":\"starting\""))
        health.enter(.serving)
        #expect(health.report().isReady)
        #expect(health.report().readinessJSON == Array("{\"status\":\"ready\"}\n".utf8))
        health.enter(.draining)
        health.enter(.serving)
        #expect(health.report().notReadyReason == "draining")
    }

    @Test("is as bad as its worst part; an unhealthy part takes readiness away")
    func worst() {
        let health = HealthState()
        health.enter(.serving)
        #expect(health.report().status == .healthy)
        health.set("keys", .degraded, "stale for 40 s")
        #expect(health.report().status == .degraded)
        #expect(health.report().isReady)
        health.probe("store") { (.unhealthy, "no answer") }
        #expect(health.report().status == .unhealthy)
        #expect(health.report().notReadyReason == "unhealthy")
        health.probe("store") { (.healthy, "") }
        health.set("keys", .healthy)
        #expect(health.report().isReady)
    }

    @Test("writes the report in the shape of the Python package")
    func json() throws {
        let health = HealthState()
        health.set("store", .healthy)
        health.set("keys \"a\"", .degraded, "line\nfeed")
        let text = String(decoding: health.report().json(unixNanoseconds: AuditSinkTests.time), as: UTF8.self)
        #expect(
            text == #"{"status":"degraded","checks":{"keys \"a\"":{"status":"degraded","message":"line\nfeed"},"#
                + #""store":{"status":"healthy","message":""}},"timestamp":"2026-03-14T15:09:26.535897Z"}"# + "\n")
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
    }

    @Test(
        "writes times as RFC 3339",
        arguments: [
            (Int64(0), "1970-01-01T00:00:00.000000Z"), (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_709_251_199_999_999_999, "2024-02-29T23:59:59.999999Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (4_102_444_800_000_001_000, "2100-01-01T00:00:00.000001Z"),
            (-86_400_000_000_000, "1969-12-31T00:00:00.000000Z"),
        ])
    func times(nanoseconds: Int64, expected: String) {
        #expect(Timestamp.text(unixNanoseconds: nanoseconds) == expected)
    }

    @Test("writes the same date as the system for days of four centuries")
    func dates() {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: false)
        for day in stride(from: -50_000, through: 90_000, by: 53) {
            let second = Int64(day) * 86_400 + 45_296
            let expected = Date(timeIntervalSince1970: Double(second)).formatted(style)
            #expect(Timestamp.text(unixNanoseconds: second * 1_000_000_000).prefix(19) + "Z" == expected)
        }
    }
}
