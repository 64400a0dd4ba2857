/// What a worker answered: one pass over the bytes, which are kept with the places of the fields.
///
/// Making one never fails: an answer that cannot be used becomes a `TRANSPORT_ERROR`, as it does for the Python client.
public struct AgentReply: Sendable {
    static let frameStart: StaticString = """
        {"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":
        """

    let storage: [UInt8]
    let fields: ReplyFields

    /// How the worker says it went; `error` when it did not say.
    public let status: ResponseStatus
    /// Why it failed; nil means success, whatever ``status`` says.
    public let error: IntentError?

    /// Whether the worker did what was asked: success is the absence of an error.
    public var isSuccess: Bool { error == nil }

    /// Reads the answer of a worker: a frame with `"messageType":"response"`, or a response object without a frame.
    ///
    /// - Parameters:
    ///   - httpStatus: anything but 2xx makes the answer a `TRANSPORT_ERROR`, its body discarded. Redirects are not
    ///     followed: a worker must not send the gateway elsewhere.
    public init(parsing bytes: [UInt8], httpStatus: Int, limits: JSONLimits = .default) {
        guard (200..<300).contains(httpStatus) else {
            self.init(unusable: "the worker answered HTTP status \(httpStatus)")
            return
        }
        guard bytes.count <= Int(Int32.max) else {
            self.init(unusable: "the worker's answer is too large")
            return
        }
        let outcome = bytes.withUnsafeBufferPointer { buffer -> Result<ReplyFields, IntentError> in
            var reader = ReplyReader(buffer, limits: limits)
            do throws(ScanFault) {
                try reader.read()
                return .success(reader.fields)
            } catch {
                return .failure(IntentError(error, in: buffer))
            }
        }
        switch outcome {
        case .failure(let problem): self.init(unusable: "the worker's answer cannot be used: \(problem.message)")
        case .success(let fields): self.init(storage: bytes, fields: fields)
        }
    }

    private init(storage: [UInt8], fields: ReplyFields) {
        self.storage = storage
        self.fields = fields
        status = fields.isSuccess ? .success : .error
        error = fields.error.isAbsent ? nil : Self.error(from: storage[fields.error.range])
    }

    /// An answer that did not come or cannot be used.
    ///
    /// - Parameter message: what the caller is told.
    public init(unusable message: String) {
        self.init(failure: IntentError(.transportError, message))
    }

    /// A failure that the gateway itself found, in the form of an answer.
    public init(failure: IntentError) {
        storage = []
        fields = ReplyFields()
        status = .error
        error = failure
    }

    /// The result as the bytes it came as; nil when there is none or it is null.
    public var payload: JSONText? {
        guard !fields.payload.isAbsent, storage[Int(fields.payload.start)] != UInt8(ascii: "n") else { return nil }
        return JSONText(scanned: storage[fields.payload.range])
    }

    /// The agent that says it answered.
    public var agent: String? { text(fields.agent) }

    /// The trace id that the worker answered under.
    public var traceId: String? { text(fields.traceId) }

    /// What the agent says that the request cost, `metadata.usage.cost`; nil unless that is a whole number, 0 or more.
    public var usageCost: Int? {
        guard !fields.usage.isAbsent else { return nil }
        guard
            case .number(let number)? = JSONText(scanned: storage[fields.usage.range]).value().objectValue?["cost"],
            number.isInteger, number.double >= 0
        else { return nil }
        // A number that does not fit is larger than any that does.
        return number.int.map { Int($0) } ?? .max
    }

    /// The facts around the answer, parsed when asked for.
    public var metadata: JSONObject {
        guard !fields.metadata.isAbsent else { return [:] }
        return JSONText(scanned: storage[fields.metadata.range]).value().objectValue ?? [:]
    }

    /// How many bytes the answer has.
    public var bodyBytes: Int { storage.count }

    /// The answer as a value.
    public func response() -> AgentResponse {
        AgentResponse(
            version: fields.version.isAbsent ? "1.0" : string(fields.version), status: status,
            payload: payload?.value(), metadata: metadata, error: error)
    }

    private func text(_ value: ByteRange) -> String? {
        guard !value.isAbsent, storage[Int(value.start)] == UInt8(ascii: "\"") else { return nil }
        return string(ByteRange(Int(value.start) + 1, Int(value.end) - 1))
    }

    private func string(_ range: ByteRange) -> String {
        storage.withUnsafeBufferPointer { JSONStringText.string(UnsafeBufferPointer(rebasing: $0[range.range])) }
    }

    /// Reads `ErrorInfo` as the Python codec does: an unknown code is `INTERNAL_AGENT_ERROR`, what is absent has a default.
    private static func error(from bytes: ArraySlice<UInt8>) -> IntentError {
        let info = JSONText(scanned: bytes).value().objectValue ?? [:]
        return IntentError(
            info["code"]?.stringValue.flatMap(ErrorCode.init) ?? .internalAgentError,
            info["message"]?.stringValue ?? "",
            retryable: info["retryable"]?.boolValue ?? false,
            details: info["details"]?.objectValue ?? [:])
    }
}
