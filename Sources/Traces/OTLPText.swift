import IntentProtocol

/// Spans as `ExportTraceServiceRequest` in the JSON encoding of OTLP 1.x.
///
/// Ids are hex, 64-bit integers are texts of digits, enumerations are numbers, field names are in lowerCamelCase.
package struct OTLPText: Sendable {
    /// The media type of the text.
    package static let contentType = "application/json"

    /// What stands before the first span of every request, and behind the last.
    private let head: [UInt8]
    private static let tail = Array("]}]}]}".utf8)

    /// - Parameters:
    ///   - resource: who makes the spans.
    ///   - scope: the library that makes them, and its version.
    package init(resource: [SpanAttribute], scope: (name: String, version: String)) {
        var head: [UInt8] = []
        head.append(text: #"{"resourceSpans":[{"resource":{"attributes":"#)
        head.append(attributes: resource)
        head.append(text: #"},"scopeSpans":[{"scope":{"name":"#)
        head.append(quoted: scope.name)
        head.append(text: #","version":"#)
        head.append(quoted: scope.version)
        head.append(text: #"},"spans":["#)
        self.head = head
    }

    /// The body of a request with these spans.
    package func body(of spans: some Collection<Span>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.count + spans.count * 1_024)
        bytes += head
        var isFirst = true
        for span in spans {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            Self.append(span, to: &bytes)
        }
        return bytes + Self.tail
    }

    private static func append(_ span: Span, to bytes: inout [UInt8]) {
        bytes.append(text: #"{"traceId":""#)
        span.traceId.appendHex(to: &bytes)
        bytes.append(text: #"","spanId":""#)
        span.spanId.appendHex(to: &bytes)
        if let parent = span.parentSpanId {
            bytes.append(text: #"","parentSpanId":""#)
            parent.appendHex(to: &bytes)
        }
        if !span.traceState.isEmpty {
            bytes.append(text: #"","traceState":"#)
            bytes.append(quoted: span.traceState)
            bytes.append(text: #","name":"#)
        } else {
            bytes.append(text: #"","name":"#)
        }
        bytes.append(quoted: span.name)
        bytes.append(text: #","kind":\#(span.kind.rawValue),"startTimeUnixNano":"\#(span.startUnixNanoseconds)""#)
        bytes.append(text: #","endTimeUnixNano":"\#(span.endUnixNanoseconds)","attributes":"#)
        bytes.append(attributes: span.attributes)
        if !span.events.isEmpty {
            bytes.append(text: #","events":["#)
            for (index, event) in span.events.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes.append(text: #"{"timeUnixNano":"\#(event.unixNanoseconds)","name":"#)
                bytes.append(quoted: event.name)
                bytes.append(text: #","attributes":"#)
                bytes.append(attributes: event.attributes)
                bytes.append(UInt8(ascii: "}"))
            }
            bytes.append(UInt8(ascii: "]"))
        }
        // 2 is an error; unset says that nobody has judged it, which is what instrumentation should leave it at.
        bytes.append(text: span.isFaulty ? #","status":{"code":2}}"# : #","status":{}}"#)
    }
}

extension [UInt8] {
    fileprivate mutating func append(text: String) { append(contentsOf: text.utf8) }

    fileprivate mutating func append(quoted text: String) { append(contentsOf: JSONValue.string(text).encoded) }

    fileprivate mutating func append(attributes: [SpanAttribute]) {
        append(UInt8(ascii: "["))
        for (index, attribute) in attributes.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(text: #"{"key":"#)
            append(quoted: attribute.key)
            switch attribute.value {
            case .text(let value):
                append(text: #","value":{"stringValue":"#)
                append(quoted: value)
            case .number(let value): append(text: #","value":{"intValue":"\#(value)""#)
            case .flag(let value): append(text: #","value":{"boolValue":\#(value)"#)
            }
            append(text: "}}")
        }
        append(UInt8(ascii: "]"))
    }
}
