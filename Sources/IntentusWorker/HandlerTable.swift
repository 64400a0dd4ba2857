import Foundation
public import IntentProtocol

/// A handler that sees the envelope as it came and makes the whole answer.
public typealias RawHandler = @Sendable (IntentEnvelope, IntentContext) async throws -> AgentResponse

/// The handlers of a worker by intent and version.
struct HandlerTable: Sendable {
    /// An intent and the version it is answered in; `*` stands for any version.
    struct Key: Hashable, Sendable {
        let intent: String
        let version: String
    }

    private(set) var handlers: [Key: RawHandler] = [:]

    var capabilities: [Key] { handlers.keys.sorted { ($0.intent, $0.version) < ($1.intent, $1.version) } }

    mutating func add(_ intent: String, _ version: String, _ handler: @escaping RawHandler) {
        handlers[Key(intent: intent, version: version)] = handler
    }

    func handler(for envelope: IntentEnvelope) -> RawHandler? {
        handlers[Key(intent: envelope.intentName, version: envelope.intentVersion)]
            ?? handlers[Key(intent: envelope.intentName, version: "*")]
    }

    /// A typed handler as a raw one: payload in, result out, coding trouble as VALIDATION_ERROR.
    static func raw<Payload: Decodable & SendableMetatype, Result: Encodable & SendableMetatype>(
        _ handler: @escaping @Sendable (Payload, IntentContext) async throws -> Result
    ) -> RawHandler {
        { envelope, context in
            let payload: Payload
            do {
                payload = try JSONDecoder().decode(Payload.self, from: Data(envelope.payload.bytes))
            } catch let error as DecodingError {
                throw IntentError(.validationError, "payload\(error.place): \(error.problem)")
            } catch let error as IntentError {
                throw error
            } catch {
                // A type's own decoder threw an error of its own: still the payload is at fault, not the agent.
                throw IntentError(.validationError, "payload: cannot be read")
            }
            let result = try await handler(payload, context)
            return .success(try JSONValue(parsing: Array(JSONEncoder().encode(result))))
        }
    }
}

extension DecodingError {
    private var context: Context? {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context
        @unknown default: nil
        }
    }

    /// `.items[3].name`; empty at the payload itself.
    fileprivate var place: String {
        var keys = context?.codingPath ?? []
        if case .keyNotFound(let key, _) = self { keys.append(key) }
        return keys.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
    }

    fileprivate var problem: String {
        switch self {
        case .typeMismatch(let type, _): "is not a \(type)"
        case .valueNotFound: "is null"
        case .keyNotFound: "is missing"
        case .dataCorrupted: "cannot be read"
        @unknown default: "cannot be read"
        }
    }
}
