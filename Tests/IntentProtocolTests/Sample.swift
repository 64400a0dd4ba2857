@testable import IntentProtocol

/// A good envelope as text, with any part replaced.
struct Sample {
    var version = #""1.0""#
    var intent = #"{"name":"SummarizeIntent","version":"1.0"}"#
    var payload = #"{"text":"hello","maxWords":20}"#
    var context = #"{"sourceAgent":"client","timestamp":"2026-11-23T03:00:00Z","priority":"normal","tags":["bench"]}"#
    var metadata = """
        {"requestId":"r-1","source":"client","createdAt":"2026-11-23T03:00:00Z","traceId":"t-1","identityChain":[]}
        """
    var routing = #"{"strategy":"direct","targetAgent":null,"fallbackAgents":[]}"#
    var routingMetadata = #"{"decisionPath":[],"retries":0}"#
    var more = ""

    var bare: String {
        """
        {"version":\(version),"intent":\(intent),"payload":\(payload),"context":\(context),"metadata":\(metadata),\
        "routing":\(routing),"routingMetadata":\(routingMetadata)\(more)}
        """
    }

    var frame: String { #"{"protocol":"INTENTUSNET/1.0","messageType":"intent","headers":{},"body":\#(bare)}"# }

    static func with(_ change: (inout Sample) -> Void) -> Sample {
        var sample = Sample()
        change(&sample)
        return sample
    }

    static func chain(_ entries: String) -> Sample {
        with {
            $0.metadata =
                #"{"requestId":"r-1","source":"client","createdAt":"c","traceId":"t-1","identityChain":\#(entries)}"#
        }
    }
}

/// The error that a body is refused with; nil when it is accepted.
func refusal(of body: String, limits: EnvelopeLimits = .default) -> IntentError? {
    refusal(of: bytes(body), limits: limits)
}

/// The error that a body is refused with; nil when it is accepted.
func refusal(of body: [UInt8], limits: EnvelopeLimits = .default) -> IntentError? {
    do throws(IntentError) {
        _ = try IncomingIntent(parsing: body, limits: limits)
        return nil
    } catch {
        return error
    }
}

extension IntentEnvelope {
    /// The frame for a worker, as text.
    func frameText(prefix: [String] = [], traceId: String? = "given") -> String {
        var out: [UInt8] = []
        appendFrame(to: &out, chainPrefix: prefix, traceId: traceId)
        return text(out)
    }
}
