import Foundation
import RedisFixtures

/// A span as the JSON encoding of OTLP has it; whatever is not as the document says is an error.
struct ReceivedSpan {
    struct Event {
        let name: String
        let time: Int64
        let attributes: [String: String]
    }

    let resource: [String: String]
    let traceId: String
    let spanId: String
    let parentSpanId: String?
    let traceState: String?
    let name: String
    let kind: Int
    let start: Int64
    let end: Int64
    let attributes: [String: String]
    let events: [Event]
    let statusCode: Int

    static func read(_ body: [UInt8]) throws -> [ReceivedSpan] {
        let request = try JSONDecoder().decode(Request.self, from: Data(body))
        return try request.resourceSpans.flatMap { resource in
            try resource.scopeSpans.flatMap { scope in
                guard !scope.scope.name.isEmpty else { throw FixtureError("a scope without a name") }
                return try scope.spans.map { try ReceivedSpan($0, try values(resource.resource.attributes)) }
            }
        }
    }

    private init(_ span: Request.Span, _ resource: [String: String]) throws {
        self.resource = resource
        traceId = try Self.hex(span.traceId, 32)
        spanId = try Self.hex(span.spanId, 16)
        parentSpanId = try span.parentSpanId.map { try Self.hex($0, 16) }
        traceState = span.traceState
        name = span.name
        kind = span.kind
        start = try Self.nanoseconds(span.startTimeUnixNano)
        end = try Self.nanoseconds(span.endTimeUnixNano)
        guard start <= end else { throw FixtureError("\(name) ends before it begins") }
        attributes = try Self.values(span.attributes)
        events = try (span.events ?? []).map {
            Event(
                name: $0.name, time: try Self.nanoseconds($0.timeUnixNano), attributes: try Self.values($0.attributes))
        }
        statusCode = span.status.code ?? 0
    }

    private static func hex(_ text: String, _ count: Int) throws -> String {
        guard text.count == count, text.allSatisfy({ $0.isHexDigit && !$0.isUppercase }),
            text.contains(where: { $0 != "0" })
        else { throw FixtureError("no id: \(text)") }
        return text
    }

    /// 64-bit integers are texts of digits in this encoding.
    private static func nanoseconds(_ text: String) throws -> Int64 {
        guard let number = Int64(text), number > 1_700_000_000_000_000_000 else {
            throw FixtureError("no time: \(text)")
        }
        return number
    }

    private static func values(_ attributes: [Request.Attribute]) throws -> [String: String] {
        try Dictionary(
            attributes.map { attribute in
                let value = attribute.value
                let all = [value.stringValue, value.intValue, value.boolValue.map { "\($0)" }].compactMap(\.self)
                guard all.count == 1 else { throw FixtureError("\(attribute.key) has \(all.count) values") }
                return (attribute.key, all[0])
            }
        ) { first, _ in throw FixtureError("an attribute twice: \(first)") }
    }

    private struct Request: Decodable {
        struct Value: Decodable {
            let stringValue: String?
            let intValue: String?
            let boolValue: Bool?
        }
        struct Attribute: Decodable {
            let key: String
            let value: Value
        }
        struct Event: Decodable {
            let timeUnixNano: String
            let name: String
            let attributes: [Attribute]
        }
        struct Status: Decodable { let code: Int? }
        struct Span: Decodable {
            let traceId, spanId, name, startTimeUnixNano, endTimeUnixNano: String
            let parentSpanId, traceState: String?
            let kind: Int
            let attributes: [Attribute]
            let events: [Event]?
            let status: Status
        }
        struct Scope: Decodable { let name: String }
        struct ScopeSpans: Decodable {
            let scope: Scope
            let spans: [Span]
        }
        struct Resource: Decodable { let attributes: [Attribute] }
        struct ResourceSpans: Decodable {
            let resource: Resource
            let scopeSpans: [ScopeSpans]
        }
        let resourceSpans: [ResourceSpans]
    }
}
