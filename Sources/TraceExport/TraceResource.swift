import IntentProtocol
package import Traces

/// Who makes spans: `service.*`, and what the environment says (OpenTelemetry's `OTEL_RESOURCE_ATTRIBUTES`).
package enum TraceResource {
    /// At most this many facts are taken from the environment.
    private static let attributesMax = 64

    /// - Parameters:
    ///   - service: what the configuration says; the environment's word counts more for its name.
    ///   - environment: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` are read.
    package static func attributes(
        service: String, version: String, instance: String, environment: [String: String]
    ) -> [SpanAttribute] {
        var facts = [
            "service.name": service, "service.version": version, "service.instance.id": instance,
            "telemetry.sdk.name": "intentusnet", "telemetry.sdk.language": "swift", "telemetry.sdk.version": version,
        ]
        for (key, value) in parsed(environment["OTEL_RESOURCE_ATTRIBUTES"] ?? "") { facts[key] = value }
        if let name = environment["OTEL_SERVICE_NAME"], !name.isEmpty { facts["service.name"] = name }
        return facts.sorted { $0.key < $1.key }.map { SpanAttribute($0.key, $0.value) }
    }

    /// `key=value` members between commas, values percent-encoded; one that is none is left out.
    private static func parsed(_ text: String) -> [(String, String)] {
        text.split(separator: ",").prefix(attributesMax).compactMap { member in
            let sides = member.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { return nil }
            let key = sides[0].trimmingSpaces
            guard !key.isEmpty, key.utf8.count <= 256,
                let value = PercentEncoding.decoded(Substring(sides[1].trimmingSpaces))
            else { return nil }
            return (key, value)
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
