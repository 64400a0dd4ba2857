import Foundation
import Gateway
import GatewayConfiguration
import GatewayHTTP
import IntentProtocol
import NIOCore
import Observability
import TraceExport
import Traces

/// The spans of a node: kept by its loops, sent over connections of their own beside them.
final class NodeTraces: SpanSink {
    let exporter: SpanExporter
    private let endpoint: UpstreamEndpoint
    private let tls: UpstreamTLS
    private let headers: [GatewayConfiguration.TraceHeader]
    private let secrets: NodeSecrets
    private let timeoutMilliseconds: Int64
    private let flushMilliseconds: Int64

    /// Nil without an endpoint, which a configuration that was accepted has.
    init?(
        _ traces: GatewayConfiguration.Traces, _ configuration: GatewayConfiguration, _ tls: UpstreamTLS?,
        _ secrets: NodeSecrets, environment: [String: String]
    ) {
        guard let endpoint = UpstreamEndpoint(receiver: traces.endpoint) else { return nil }
        self.endpoint = endpoint
        self.tls = tls ?? UpstreamTLS()
        self.secrets = secrets
        headers = traces.headers
        timeoutMilliseconds = Int64(traces.timeoutMilliseconds)
        flushMilliseconds = Int64(traces.flushMilliseconds)
        var settings = SpanExporter.Settings()
        settings.queueSpansMax = traces.queueSpansMax
        settings.batchSpansMax = traces.batchSpansMax
        settings.everyMilliseconds = Int64(traces.everyMilliseconds)
        let resource = TraceResource.attributes(
            service: configuration.authentication.serviceName, version: Version.text,
            instance: configuration.audit.node ?? ProcessInfo.processInfo.hostName, environment: environment)
        exporter = SpanExporter(
            settings, text: OTLPText(resource: resource, scope: ("intentusnet.gateway", Version.text)),
            SpanExporter.Surroundings(
                nowNanoseconds: Timestamp.monotonicNanoseconds,
                sleep: { try? await Task.sleep(for: .milliseconds($0)) }, jitter: { Double.random(in: 0...1) }))
    }

    func append(_ spans: [Span]) { exporter.append(spans) }

    /// Sends what waits until cancelled.
    func run(on loop: any EventLoop) async {
        let client = client(on: loop)
        await exporter.run { await self.send($0, client) }
        await client.shutDown()
    }

    /// Sends the rest, within the time that is set for it.
    func close(on loop: any EventLoop) async {
        // In a task of its own: whoever ends a node may have been cancelled, and the last spans are often why.
        await Task {
            let client = client(on: loop)
            await exporter.close(withinMilliseconds: flushMilliseconds) { await self.send($0, client) }
            await client.shutDown()
        }.value
    }

    private func client(on loop: any EventLoop) -> UpstreamClient {
        var limits = UpstreamLimits()
        limits.connectionsPerAddressMax = 1
        limits.bodyBytesMax = 64 << 10
        return UpstreamClient(eventLoop: loop, limits: limits, tls: tls)
    }

    private func send(_ body: [UInt8], _ client: UpstreamClient) async -> SpanDelivery {
        // A secret that cannot be read now may be there in a moment.
        guard let lines = headerLines() else { return .notNow(retryAfterMilliseconds: nil) }
        do throws(UpstreamFailure) {
            return SpanDelivery(
                try await client.call(
                    endpoint, body: body, headerLines: lines,
                    withinMilliseconds: min(timeoutMilliseconds, hasEnded ? flushMilliseconds : .max)))
        } catch {
            return SpanDelivery(error)
        }
    }

    private var hasEnded: Bool { exporter.hasEnded }

    /// Read anew for every request, so that a secret may change; nil when one cannot be had.
    private func headerLines() -> [UInt8]? {
        var lines: [UInt8] = []
        for header in headers {
            let value: String
            if let setting = header.valueFile {
                guard let secret = try? secrets.text(of: setting, "traces.headers") else { return nil }
                value = secret.reveal()
            } else {
                value = header.value ?? ""
            }
            // A value with line ends would be lines of its own.
            guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else { return nil }
            lines += Array("\(header.name): \(value)\r\n".utf8)
        }
        return lines
    }
}

extension UpstreamEndpoint {
    /// The receiver at a URL that the configuration has accepted.
    fileprivate init?(receiver text: String) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme, var host = parts.host else {
            return nil
        }
        let isTLS = scheme == "https"
        let usual = isTLS ? 443 : 80
        let port = parts.port ?? usual
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let name = host.contains(":") ? "[\(host)]" : host
        let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        self.init(
            host: host, port: port, hostHeader: port == usual ? name : "\(name):\(port)",
            path: parts.percentEncodedQuery.map { "\(path)?\($0)" } ?? path, security: isTLS ? .hostName : .none)
    }
}

extension NodeMetrics {
    static func registerTraces(_ registry: MetricsRegistry, _ exporter: SpanExporter) {
        registry.counterCallback("intentusnet_trace_spans_exported_total", "Spans that the receiver took.") {
            Double(exporter.counts.exported)
        }
        registry.samplesCallback(
            "intentusnet_trace_spans_dropped_total", "Spans that were not delivered, by the reason.", .counter
        ) {
            let dropped = exporter.counts.dropped
            return SpanLoss.allCases.map {
                MetricSample([MetricLabel("reason", $0.rawValue)], Double(dropped[$0] ?? 0))
            }
        }
        registry.gaugeCallback("intentusnet_trace_spans_queued", "Spans that wait to be sent.") {
            Double(exporter.queued)
        }
    }
}
