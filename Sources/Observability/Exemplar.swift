import Gateway
import Traces

/// One observation of a bucket, with the trace that tells more about it.
package struct Exemplar: Sendable {
    /// 32 hex digits.
    let traceId: String
    let value: Double
    let unixNanoseconds: Int64

    init(_ exemplar: LatencyExemplar) {
        traceId = String(decoding: exemplar.request.traceId.hex, as: UTF8.self)
        value = Double(exemplar.latencyNanoseconds) / 1e9
        unixNanoseconds = exemplar.request.unixNanoseconds
    }

    /// Seconds with three digits behind the point: a `Double` of nanoseconds would be written with an exponent.
    var unixSecondsText: String {
        let milliseconds = max(0, unixNanoseconds) / 1_000_000
        let rest = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
