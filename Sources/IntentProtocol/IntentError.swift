/// Why an intent failed, in the form that travels on the wire as `ErrorInfo`.
public struct IntentError: Error, Sendable, Equatable {
    /// The wire's code.
    public var code: ErrorCode
    /// What happened, for a person; safe to show to the caller.
    public var message: String
    /// Whether the caller may send the same request again.
    public var retryable: Bool
    /// Facts for a program, such as `reason` or `retryAfterMs`.
    public var details: JSONObject

    /// Makes an error.
    ///
    /// - Parameter retryable: nil takes ``ErrorCode/retryableByDefault``.
    public init(_ code: ErrorCode, _ message: String, retryable: Bool? = nil, details: JSONObject = [:]) {
        self.code = code
        self.message = message
        self.retryable = retryable ?? code.retryableByDefault
        self.details = details
    }

    /// Appends `{"code":…,"message":…,"retryable":…,"details":…}`.
    public func appendEncoded(to bytes: inout [UInt8]) {
        bytes.append(literal: "{\"code\":\"")
        bytes.append(contentsOf: code.rawValue.utf8)
        bytes.append(literal: "\",\"message\":")
        bytes.append(quoting: message)
        bytes.append(literal: retryable ? ",\"retryable\":true,\"details\":" : ",\"retryable\":false,\"details\":")
        details.appendEncoded(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }
}

extension IntentError: CustomStringConvertible {
    /// `VALIDATION_ERROR: context.priority: must be low, normal or high`.
    public var description: String { "\(code.rawValue): \(message)" }
}
