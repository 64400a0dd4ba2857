/// Why a scan stopped: a fixed-size value, so that the pass over good bytes pays nothing for it.
///
/// The path of the place is found afterwards by ``JSONPathLocator``, from the offset alone.
enum ScanFault: Error {
    /// The bytes are not strict JSON.
    case syntax(JSONSyntaxError.Kind, at: Int)
    /// The JSON is fine, but not what the protocol asks for at that offset.
    case field(FieldProblem, at: Int)
    /// A member that only a frame has came after members that were read as a bare envelope's: read again, as a frame.
    case frameAfterAll

    /// A problem with a field, without its place.
    struct FieldProblem {
        var code: ErrorCode
        /// In words: `must be a string`.
        var text: StaticString
        /// A member that should be inside the object at the offset and is not.
        var missing: StaticString?
    }

    /// A field that is there and wrong.
    static func invalid(_ text: StaticString, at offset: Int, _ code: ErrorCode = .validationError) -> ScanFault {
        .field(FieldProblem(code: code, text: text, missing: nil), at: offset)
    }

    /// A field that the object at `offset` lacks.
    static func missing(
        _ name: StaticString, at offset: Int, _ code: ErrorCode = .validationError
    ) -> ScanFault {
        .field(FieldProblem(code: code, text: "is required", missing: name), at: offset)
    }
}

extension JSONSyntaxError {
    /// Names the place of a fault; a fault of a field cannot come from a scan without a schema.
    init(_ fault: ScanFault, in bytes: UnsafeBufferPointer<UInt8>) {
        switch fault {
        case .syntax(let kind, let offset):
            self.init(kind: kind, byteOffset: offset, path: JSONPathLocator.path(in: bytes, at: offset))
        case .field(_, let offset):
            self.init(kind: .unexpectedByte, byteOffset: offset, path: JSONPathLocator.path(in: bytes, at: offset))
        case .frameAfterAll:
            self.init(kind: .unexpectedByte, byteOffset: 0, path: "")
        }
    }
}

extension IntentError {
    /// Names the place of a fault in a message for the caller; values never enter it, for they may be secrets.
    init(_ fault: ScanFault, in bytes: UnsafeBufferPointer<UInt8>) {
        switch fault {
        case .syntax(_, let offset):
            let error = JSONSyntaxError(fault, in: bytes)
            var details: JSONObject = ["byteOffset": .number(JSONNumber(offset))]
            if !error.path.isEmpty { details["path"] = .string(error.path) }
            self.init(.validationError, error.message, details: details)
        case .field(let problem, let offset):
            var path = JSONPathLocator.path(in: bytes, at: offset)
            if let missing = problem.missing { path += path.isEmpty ? "\(missing)" : ".\(missing)" }
            guard !path.isEmpty else {
                self.init(problem.code, "the body \(problem.text)")
                return
            }
            self.init(problem.code, "\(path): \(problem.text)", details: ["path": .string(path)])
        case .frameAfterAll:
            self.init(.protocolError, "the body is neither a frame nor an envelope")
        }
    }
}
