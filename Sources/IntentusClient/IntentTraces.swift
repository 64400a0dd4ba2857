import Foundation
import GatewayHTTP
import IntentProtocol
import NIOPosix
import TraceExport
package import Traces

/// Sends the spans of clients and workers of this program to a receiver of OTLP by HTTP.
///
/// ```swift
/// var settings = TraceSettings(endpoint: "http://localhost:4318/v1/traces", serviceName: "front")
/// let traces = try IntentTraces(settings)
/// configuration.traces = traces
/// …
/// await traces.shutdown()
/// ```
///
/// Nothing waits for the receiver: where it is away or slow, spans are dropped and counted.
public final class IntentTraces: Sendable {
    private let exporter: SpanExporter
    private let sampling: TraceSampling
    private let connections: GatewayConnections
    private let address: GatewayAddress
    private let headerLines: [UInt8]
    private let running: Task<Void, Never>

    /// Begins to send what clients and workers keep; ``shutdown(withinMilliseconds:)`` ends it.
    ///
    /// - Throws: ``TraceSettings/Fault`` when the endpoint or a header is none, ``TLSFault`` when a certificate cannot be used.
    public init(_ settings: TraceSettings) throws {
        guard let address = GatewayAddress(settings.endpoint) else { throw TraceSettings.Fault.endpoint }
        self.address = address
        headerLines = try settings.headerLines()
        sampling = TraceSampling(ratio: settings.ratio)
        var limits = UpstreamLimits()
        limits.connectionsPerAddressMax = 1
        limits.bodyBytesMax = 64 << 10
        let connections =
            address.isTLS
            ? try GatewayConnections(settings.tls, limits: limits) : GatewayConnections(isTLS: false, limits: limits)
        self.connections = connections
        let resource = TraceResource.attributes(
            service: settings.serviceName, version: settings.serviceVersion,
            instance: ProcessInfo.processInfo.hostName, environment: ProcessInfo.processInfo.environment)
        var export = SpanExporter.Settings()
        export.everyMilliseconds = settings.everyMilliseconds
        let exporter = SpanExporter(
            export, text: OTLPText(resource: resource, scope: ("intentusnet.sdk", settings.serviceVersion)),
            SpanExporter.Surroundings(
                nowNanoseconds: { Int64(clamping: DispatchTime.now().uptimeNanoseconds) },
                sleep: { try? await Task.sleep(for: .milliseconds($0)) }, jitter: { Double.random(in: 0...1) }))
        self.exporter = exporter
        let send = Self.sender(connections, address, headerLines)
        running = Task { await exporter.run(send: send) }
    }

    /// How many spans the receiver has taken.
    public var exportedSpans: Int { exporter.counts.exported }
    /// How many spans could not be delivered.
    public var droppedSpans: Int { exporter.counts.dropped.values.reduce(0, +) }

    /// Sends what waits, and ends.
    public func shutdown(withinMilliseconds milliseconds: Int64 = 2_000) async {
        running.cancel()
        await running.value
        await exporter.close(withinMilliseconds: milliseconds, send: Self.sender(connections, address, headerLines))
        await connections.shutDown()
    }

    private static func sender(
        _ connections: GatewayConnections, _ address: GatewayAddress, _ headerLines: [UInt8]
    ) -> @Sendable ([UInt8]) async -> SpanDelivery {
        { body in
            do throws(UpstreamFailure) {
                return SpanDelivery(
                    try await connections.call(
                        address, .post, "", body: body, headerLines: headerLines, withinMilliseconds: 10_000))
            } catch {
                return SpanDelivery(error)
            }
        }
    }

    /// A span that begins now below another one, or a trace of its own; nil where its trace is not kept.
    package func begin(below parent: TraceParent?, named name: String, _ kind: Span.Kind) -> Span? {
        let low = UInt64.random(in: .min ... .max)
        guard parent?.isSampled ?? sampling.keeps(draw: low) else { return nil }
        let now = Int64(Date().timeIntervalSince1970 * 1e9)
        return Span(
            traceId: parent?.traceId ?? TraceId(random: .random(in: .min ... .max), low),
            spanId: SpanId(random: .random(in: .min ... .max)), parentSpanId: parent?.spanId, name: name, kind: kind,
            startUnixNanoseconds: now, endUnixNanoseconds: now)
    }

    /// Ends a span now, and hands it on.
    package func finish(_ span: Span) {
        var span = span
        span.endUnixNanoseconds = max(span.startUnixNanoseconds, Int64(Date().timeIntervalSince1970 * 1e9))
        exporter.append([span])
    }
}
