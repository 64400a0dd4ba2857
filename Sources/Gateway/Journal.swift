import IntentProtocol

/// What is noted of one request on its way, for the answer, the audit record and the metrics.
struct Journal: Sendable {
    let door: Arrival.Door
    let path: StaticString
    let connection: ArrivalConnection
    let startNanoseconds: Int64
    var record = AuditRecord()
    /// The form the answer takes; nil while the body has not been read.
    var shape: IncomingIntent.Shape?
    /// How the answer is sealed; nil when the request did not come sealed.
    var seal: AnswerSeal?
    /// The intent's name once the directory is known to have it; a metric label.
    var knownIntent: String?
    /// The trace id of the answer, as text that stands between JSON quotes.
    var traceId: [UInt8] = []
    /// Header lines that the answer carries whatever its outcome (the state of the limits).
    var headerLines: [UInt8] = []
    /// Which trace the request belongs to, and whether it is kept.
    var trace = TraceContext.none

    init(_ arrival: borrowing Arrival, _ around: some Surroundings) {
        door = arrival.door
        path = arrival.path
        connection = arrival.connection
        startNanoseconds = around.monotonicNanoseconds()
        record.timeNanoseconds = around.unixNanoseconds()
        record.remoteAddress = arrival.connection.remoteAddress
        // The Python transport reads frames alone, whatever it was that knocked at its door.
        shape = arrival.door == .python ? .frame : nil
    }

    /// Notes when a stage begins; for a request whose trace is not kept, one branch.
    @inline(__always)
    func enter(_ stage: RequestStage, _ around: some Surroundings) {
        guard let kept = trace.kept else { return }
        kept.enter(stage, at: around.monotonicNanoseconds())
    }
}

/// Tells a frame from a bare envelope by its first key, for answers to bodies that were never read.
enum BodyShape {
    /// The shape that the first key suggests; a frame when there is none.
    static func sniff(_ body: [UInt8]) -> IncomingIntent.Shape {
        let head = body.prefix(64)
        guard let brace = head.firstIndex(of: UInt8(ascii: "{")),
            let quote = head[brace...].firstIndex(of: UInt8(ascii: "\""))
        else { return .frame }
        let key = head[(quote + 1)...]
        for bareKey: StaticString in ["version", "intent", "payload", "context", "metadata", "routing"] {
            let isPrefix = bareKey.withUTF8Buffer { key.starts(with: $0) }
            if isPrefix { return .bare }
        }
        return .frame
    }
}
