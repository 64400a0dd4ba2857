import Identity
import IntentProtocol
import Traces

extension Gateway {
    /// Finds the trace that a request belongs to, and decides whether its spans are kept.
    ///
    /// A trace that no caller decides on is decided on by the time of its arrival, well mixed: most are not kept, and should not
    /// cost a draw of randomness.
    func beginTrace(_ arrival: borrowing Arrival, _ journal: borrowing Journal) -> TraceContext {
        let parent = arrival.traceparent.flatMap { TraceParent($0) }
        guard traces != nil, let sampling = settings.traces else {
            return parent == nil ? .none : TraceContext(parent: parent, kept: nil, sampling: nil)
        }
        let isKept =
            if let parent, sampling.follows(isService: isFromService(arrival, journal)) {
                parent.isSampled
            } else {
                sampling.keeps(draw: Self.mixed(UInt64(bitPattern: journal.startNanoseconds)))
            }
        guard isKept else { return TraceContext(parent: parent, kept: nil, sampling: sampling) }
        var state = ""
        if parent != nil, let sent = arrival.tracestate, TraceHeaders.isState(sent) {
            state = String(decoding: sent, as: UTF8.self)
        }
        let kept = KeptTrace(
            parent: parent, spanId: SpanId(random: around.randomBits()),
            traceId: parent?.traceId ?? TraceId(random: around.randomBits(), around.randomBits()),
            traceState: state, startNanoseconds: (journal.startNanoseconds, journal.record.timeNanoseconds))
        return TraceContext(parent: parent, kept: kept, sampling: sampling)
    }

    /// Whether a service sends the request for its own part. Asked before anything is refused, of requests with a `traceparent` alone.
    private func isFromService(_ arrival: borrowing Arrival, _ journal: borrowing Journal) -> Bool {
        arrival.connection.isService(
            forwarded: arrival.forwardedClientCertificate, unixSeconds: journal.record.timeNanoseconds / 1_000_000_000,
            by: peers.rules)
    }

    /// Hands the spans of a kept trace on; the request is over, and its audit record is complete.
    func endTrace(_ journal: borrowing Journal) {
        guard let kept = journal.trace.kept, let traces else { return }
        let record = journal.record
        let word = record.reason == clientGoneReason ? clientGoneReason : record.outcome?.rawValue
        let isFault = record.outcome.map { $0.httpStatus >= 500 } ?? false
        var attributes = journal.requestAttributes
        attributes.append(
            SpanAttribute("http.response.status_code", journal.door == .python ? 200 : record.status))
        if let word { attributes.append(SpanAttribute("error.type", word)) }
        traces.append(
            kept.spans(
                endNanoseconds: around.monotonicNanoseconds(), attributes: attributes, path: journal.path.description,
                isFaulty: isFault && word != clientGoneReason))
    }

    /// The finaliser of SplitMix64: neighbouring times come to lie anywhere.
    private static func mixed(_ bits: UInt64) -> UInt64 {
        var mixed = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension Journal {
    /// What is known of the request, by OpenTelemetry's names where it has one; no payload, token or claim but the tenant.
    fileprivate var requestAttributes: [SpanAttribute] {
        var attributes = [
            SpanAttribute("http.request.method", "POST"),
            SpanAttribute("url.scheme", connection.isTLS ? "https" : "http"),
            SpanAttribute("url.path", path.description), SpanAttribute("http.route", path.description),
            SpanAttribute("server.port", Int(connection.destinationPort)),
            SpanAttribute("client.address", record.clientAddress ?? peerAddress),
            SpanAttribute("network.peer.address", peerAddress),
        ]
        if let address = connection.destinationAddress {
            attributes.append(SpanAttribute("server.address", address.description))
        }
        func add(_ key: String, _ text: String?) {
            if let text, !text.isEmpty { attributes.append(SpanAttribute(key, text)) }
        }
        add("intentusnet.intent.name", String(decoding: record.intent, as: UTF8.self))
        add("intentusnet.intent.version", String(decoding: record.intentVersion, as: UTF8.self))
        add("intentusnet.request.id", String(decoding: record.requestId, as: UTF8.self))
        add("intentusnet.agent.name", record.agent)
        add("intentusnet.tenant", record.tenant)
        add("intentusnet.rule", record.rule)
        add("intentusnet.reason", record.reason)
        if record.attempts > 0 { attributes.append(SpanAttribute("intentusnet.attempts", record.attempts)) }
        if record.isLimitDegraded { attributes.append(SpanAttribute("intentusnet.limits.degraded", true)) }
        return attributes
    }

    /// The peer's address without its port, and without the brackets that stand around one of IPv6.
    private var peerAddress: String {
        guard let colon = record.remoteAddress.lastIndex(of: ":") else { return record.remoteAddress }
        let address = record.remoteAddress[..<colon]
        return String(address.hasPrefix("[") ? address.dropFirst().dropLast() : address)
    }
}
