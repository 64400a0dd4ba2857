import ArgumentParser
import Foundation
import IntentusClient

/// Where a command's spans go.
struct TraceOptions: ParsableArguments {
    @Option(
        name: .customLong("traces"),
        help:
            "A receiver of OTLP by HTTP, http://collector:4318/v1/traces; OTEL_EXPORTER_OTLP_TRACES_ENDPOINT without it."
    )
    var endpoint: String?

    /// Nil where nobody said whither.
    ///
    /// - Parameters:
    ///   - service: the name of the service, unless OTEL_SERVICE_NAME says another.
    ///   - ratio: the share of the traces that begin here.
    func traces(service: String, ratio: Double) throws -> IntentTraces? {
        let named = endpoint ?? ProcessInfo.processInfo.environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? ""
        guard !named.isEmpty else { return nil }
        var settings = TraceSettings(endpoint: named, serviceName: service)
        settings.ratio = ratio
        return try IntentTraces(settings)
    }
}
