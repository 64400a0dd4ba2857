import GatewayHTTP
import IntentProtocol

/// Reads what is asked for from a request that is let in: nothing unknown, everything inside its limits.
struct AdminRequestReader {
    /// The longest that a drain holds without being said again, in seconds.
    static let drainSecondsMax = 2_592_000
    static let drainSecondsDefault = 86_400
    static let levelSecondsMax = 86_400
    private static let textBytesMax = 512
    private static let keyFieldsMax = 64

    private let place: AdminPlace
    private let parameters: [String]
    private var body: JSONObject

    /// - Throws: for a body that is not announced as JSON, or is no JSON object.
    init(_ request: borrowing HTTPRequest, at place: AdminPlace) throws(AdminRefusal) {
        self.place = place
        parameters = request.route.parameters
        guard Self.isJSON(request.contentType) else {
            throw AdminRefusal(
                415, "CONTENT_TYPE_REFUSED", "actions are asked for with Content-Type: application/json")
        }
        guard !request.body.isEmpty else {
            body = JSONObject()
            return
        }
        do {
            guard let object = try JSONValue(parsing: request.body).objectValue else {
                throw AdminRefusal.invalid("the body must be a JSON object")
            }
            body = object
        } catch let refusal as AdminRefusal {
            throw refusal
        } catch {
            throw .invalid("the body is no JSON: \(error)")
        }
    }

    /// The action, with every member of the body used.
    mutating func action() throws(AdminRefusal) -> AdminAction {
        let action = try read()
        if let unknown = body.first(where: { _ in true }) {
            throw .invalid("unknown member '\(unknown.key.prefix(64))'")
        }
        return action
    }

    private mutating func read() throws(AdminRefusal) -> AdminAction {
        switch place {
        case .resetLimit:
            guard let limit = try text("limit") else { throw .invalid("'limit' is missing: the rule that states it") }
            return .resetLimit(limit: limit, key: try texts("key"))
        case .refreshKeySets: return .refreshKeySets(issuer: try text("issuer", bytesMax: 2_048))
        case .rotateKeys: return .rotateKeys
        case .drainNode: return .drainNode
        case .undrainNode: return .undrainNode
        case .drainAgent, .drainInstance:
            let seconds = try number("ttlSeconds", 1...Self.drainSecondsMax) ?? Self.drainSecondsDefault
            return .drain(agent: agent, instance: instance, seconds: seconds)
        case .undrainAgent, .undrainInstance: return .undrain(agent: agent, instance: instance)
        case .checkConfiguration:
            let format = try word("format", ["yaml", "json"])
            return .checkConfiguration(text: try text("text", bytesMax: .max), isJSON: format == "json")
        case .reloadConfiguration: return .reloadConfiguration
        case .explainPolicy:
            let engines = AdminAction.Engine.allCases.map(\.rawValue)
            guard let engine = try word("engine", engines).flatMap(AdminAction.Engine.init(rawValue:)) else {
                throw .invalid("'engine' is missing: one of \(engines.joined(separator: ", "))")
            }
            guard let request = take("request")?.objectValue else { throw .invalid("'request' must be an object") }
            return .explainPolicy(engine, request: request)
        case .logLevel:
            let levels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
            guard let level = try word("level", levels) else {
                throw .invalid("'level' is missing: one of \(levels.joined(separator: ", "))")
            }
            return .setLogLevel(level, seconds: try number("revertAfterSeconds", 1...Self.levelSecondsMax))
        case .metrics, .health, .live, .ready, .console, .consoleScript, .consoleStyle, .overview, .events, .document,
            .nodes, .agents, .limits, .bucket, .keys, .configuration:
            throw .invalid("nothing is done at this path")
        }
    }

    // MARK: parts

    private var agent: String { parameters.first ?? "" }
    private var instance: String? { parameters.count > 1 ? parameters[1] : nil }

    private mutating func take(_ name: String) -> JSONValue? {
        defer { body[name] = nil }
        return body[name]
    }

    private mutating func text(_ name: String, bytesMax: Int = textBytesMax) throws(AdminRefusal) -> String? {
        guard let value = take(name) else { return nil }
        guard let text = value.stringValue, (1...bytesMax).contains(text.utf8.count) else {
            throw .invalid(
                "'\(name)' must be a text that is not empty\(bytesMax == .max ? "" : ", at most \(bytesMax) bytes")")
        }
        return text
    }

    private mutating func texts(_ name: String) throws(AdminRefusal) -> [String] {
        guard let value = take(name) else { return [] }
        let texts = value.arrayValue?.compactMap(\.stringValue) ?? []
        guard let count = value.arrayValue?.count, texts.count == count, count <= Self.keyFieldsMax,
            texts.allSatisfy({ $0.utf8.count <= Self.textBytesMax })
        else {
            throw .invalid(
                "'\(name)' must be a list of at most \(Self.keyFieldsMax) texts, each at most \(Self.textBytesMax) bytes"
            )
        }
        return texts
    }

    private mutating func word(_ name: String, _ words: [String]) throws(AdminRefusal) -> String? {
        guard let value = take(name) else { return nil }
        guard let word = value.stringValue, words.contains(word) else {
            throw .invalid("'\(name)' must be one of \(words.joined(separator: ", "))")
        }
        return word
    }

    private mutating func number(_ name: String, _ range: ClosedRange<Int>) throws(AdminRefusal) -> Int? {
        guard let value = take(name) else { return nil }
        guard let number = value.intValue.flatMap(Int.init(exactly:)), range.contains(number) else {
            throw .invalid("'\(name)' must be an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// `application/json`, with or without parameters.
    private static func isJSON(_ value: ArraySlice<UInt8>?) -> Bool {
        guard let value else { return false }
        let type = String(decoding: value.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
        return type.filter { $0 != " " && $0 != "\t" }.lowercased() == "application/json"
    }
}
