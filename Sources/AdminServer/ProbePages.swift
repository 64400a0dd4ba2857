import GatewayHTTP
import Observability

/// What monitors ask: metrics and health.
struct ProbePages: Sendable {
    let metrics: MetricsRegistry
    let health: HealthState
    let unixNanoseconds: @Sendable () -> Int64

    func answer(_ place: AdminPlace) -> HTTPAnswer {
        let report = health.report()
        switch place {
        case .metrics:
            var answer = AdminHandler.answer(metrics.exposition())
            answer.contentType = "text/plain; version=0.0.4; charset=utf-8"
            return answer
        case .ready:
            return Self.answer(report.readinessJSON, status: report.isReady ? 200 : 503)
        case .live: return AdminHandler.answer(HealthState.Report.livenessJSON)
        default:
            // A degraded node still serves; only an unhealthy one answers 503.
            return Self.answer(
                report.json(unixNanoseconds: unixNanoseconds()), status: report.status == .unhealthy ? 503 : 200)
        }
    }

    private static func answer(_ body: [UInt8], status: Int) -> HTTPAnswer {
        var answer = AdminHandler.answer(body)
        answer.status = status
        return answer
    }
}
