import CertificateFiles
import Gateway
import GatewayHTTP
import Identity
import IntentProtocol
import Observability
import RateLimiting
import RedisState

/// The most of each list in an overview: what a person takes in, and what a stream can tell every second.
private enum OverviewLimit {
    static let agents = 200
    static let limits = 20
    static let refusals = 50
    static let certificates = 100
}

extension NodeReports {
    /// All that the console shows.
    ///
    /// - Parameter keys: as ``NodeOperations/keys()`` tells them.
    func overview(keys: JSONValue) -> JSONValue {
        let now = Timestamp.unixNanoseconds()
        let drain = JSONValue.bool(parts.health.isDrained)
        return [
            "time": .string(Timestamp.text(unixNanoseconds: now)),
            "node": ["id": .string(parts.record.id), "name": .string(parts.record.name), "isDrained": drain],
            "health": health(), "traffic": traffic(), "nodes": nodes(), "agents": agents(max: OverviewLimit.agents),
            "limits": limits(max: OverviewLimit.limits), "refusals": refusals(), "keys": keys,
            "certificates": certificates(nowSeconds: now / 1_000_000_000),
        ]
    }

    private func health() -> JSONValue {
        let report = parts.health.report()
        let checks = report.checks.map { check -> JSONValue in
            ["name": .string(check.name), "status": .string(check.status.rawValue), "message": .string(check.message)]
        }
        return [
            "status": .string(report.status.rawValue), "phase": .string(report.phase.rawValue),
            "isReady": .bool(report.isReady), "checks": .array(checks),
        ]
    }

    // MARK: traffic

    private func traffic() -> JSONValue {
        let seconds = parts.traffic.seconds
        let bounds = parts.meter.bucketSeconds
        let points = seconds.map { second -> JSONValue in
            let sums = second.tally.sums
            let latency: (Double) -> JSONValue = { share in
                second.tally.latency(share, bounds: bounds).map { .number(JSONNumber(Int($0 * 1e6))) } ?? .null
            }
            return [
                "at": .string(Timestamp.text(unixNanoseconds: second.unixNanoseconds)),
                "answeredPerSecond": Self.rate(sums.answered, second.seconds),
                "refusedPerSecond": Self.rate(sums.refused, second.seconds),
                "failedPerSecond": Self.rate(sums.failed, second.seconds),
                "p50Microseconds": latency(0.5), "p99Microseconds": latency(0.99),
            ]
        }
        var mix: [String: UInt64] = [:]
        for second in seconds.suffix(60) {
            for (label, count) in second.tally.byLabel where count > 0 { mix[label, default: 0] += count }
        }
        let outcomes = mix.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.map { label, count -> JSONValue in
            ["outcome": .string(label), "count": .number(JSONNumber(Int(clamping: count)))]
        }
        return ["seconds": .array(points), "outcomesOfLastMinute": .array(outcomes)]
    }

    private static func rate(_ count: UInt64, _ seconds: Double) -> JSONValue {
        tenths(seconds > 0 ? Double(count) / seconds : 0)
    }

    // MARK: refusals

    private func refusals() -> JSONValue {
        let refusals = parts.audit.refusals
        return [
            "notKept": .number(JSONNumber(Int(clamping: refusals.unnoted))),
            "newest": .array(refusals.newest(OverviewLimit.refusals).map(json)),
        ]
    }

    private func json(_ record: AuditRecord) -> JSONValue {
        let text: (String?) -> JSONValue = { $0.map(JSONValue.string) ?? .null }
        return [
            "at": .string(Timestamp.text(unixNanoseconds: record.timeNanoseconds)),
            "event": .string(record.event.rawValue), "status": .number(JSONNumber(record.status)),
            "outcome": text(record.outcome?.rawValue), "reason": .string(record.reason), "rule": text(record.rule),
            "authorization": text(record.authorization), "intent": Self.text(record.intent),
            "agent": text(record.agent), "subject": text(record.subject), "tenant": text(record.tenant),
            "principal": text(record.principal), "remoteAddress": .string(record.clientAddress ?? record.remoteAddress),
            "requestId": Self.text(record.requestId), "traceId": Self.text(record.traceId),
        ]
    }

    /// Text as it stands between the quotes of a JSON string.
    private static func text(_ escaped: ArraySlice<UInt8>) -> JSONValue {
        guard !escaped.isEmpty else { return .null }
        let quote = UInt8(ascii: "\"")
        return (try? JSONValue(parsing: [quote] + escaped + [quote])) ?? .null
    }

    // MARK: certificates

    private func certificates(nowSeconds: Int64) -> JSONValue {
        let all = parts.tls.sets.flatMap { set in set.expiries.map { (set.use, $0) } }
        let sorted = all.sorted { $0.1.notAfterUnixSeconds < $1.1.notAfterUnixSeconds }
        return .array(
            sorted.prefix(OverviewLimit.certificates).map { use, expiry in
                [
                    "use": .string("\(use)"), "file": .string(expiry.file),
                    "endsAt": .string(Timestamp.text(unixNanoseconds: expiry.notAfterUnixSeconds * 1_000_000_000)),
                    "endsInSeconds": .number(JSONNumber(Int(expiry.notAfterUnixSeconds - nowSeconds))),
                    "age": .string("\(CertificateAge(expiry, nowSeconds: nowSeconds))"),
                ]
            })
    }
}
