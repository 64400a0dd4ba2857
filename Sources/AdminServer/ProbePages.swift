import GatewayHTTP
import Observability

/// What monitors ask: metrics and health.
struct ProbePages: Sendable {
    let metrics: MetricsRegistry
    let health: HealthState
    let unixNanoseconds: @Sendable () -> Int64

    func answer(_ place: AdminPlace, _ request: borrowing HTTPRequest) -> HTTPAnswer {
        guard place != .metrics else { return metrics(ExpositionFormat(accepting: request.values(of: "accept"))) }
        let report = health.report()
        switch place {
        case .ready:
            return Self.answer(report.readinessJSON, status: report.isReady ? 200 : 503)
        case .live: return AdminHandler.answer(HealthState.Report.livenessJSON)
        default:
            // A degraded node still serves; only an unhealthy one answers 503.
            return Self.answer(
                report.json(unixNanoseconds: unixNanoseconds()), status: report.status == .unhealthy ? 503 : 200)
        }
    }

    private func metrics(_ format: ExpositionFormat) -> HTTPAnswer {
        var answer = AdminHandler.answer(metrics.exposition(format))
        answer.contentType = format.contentType
        return answer
    }

    private static func answer(_ body: [UInt8], status: Int) -> HTTPAnswer {
        var answer = AdminHandler.answer(body)
        answer.status = status
        return answer
    }
}
