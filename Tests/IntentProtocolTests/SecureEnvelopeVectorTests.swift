import Testing

@testable import IntentProtocol

@Suite("The guide's SecureEnvelope model")
struct SecureEnvelopeVectorTests {
    /// The guide's model does not look into `intent`, `context` and `metadata`; this wire requires members there, so the
    /// test fills them in and leaves everything else as the vector has it.
    private func complete(_ vector: JSONObject) -> JSONObject {
        var envelope = vector["envelope"]?.objectValue ?? [:]
        if vector["payloadIsSpec"] == true, let payload = envelope["payload"]?.objectValue {
            var expanded = JSONObject()
            for member in payload { expanded[member.key] = expand(member.value) }
            envelope["payload"] = .object(expanded)
        }
        if envelope["context"] == [:] { envelope["context"] = ["sourceAgent": "c", "timestamp": "t"] }
        if envelope["metadata"] == [:] { envelope["metadata"] = ["requestId": "r", "source": "c", "createdAt": "t"] }
        return envelope
    }

    private func expand(_ value: JSONValue) -> JSONValue {
        guard let spec = value.objectValue, let unit = spec.text("repeat"), let times = spec["times"]?.intValue else {
            return value
        }
        return .string(String(repeating: unit, count: Int(times)))
    }

    @Test("C19 the payload limit and the refusals are the guide's")
    func model() throws {
        let vectors = try Vectors.cases("secure_envelope")
        #expect(vectors.count == 11)
        for vector in vectors {
            let id = try #require(vector.text("id"))
            let envelope = complete(vector)
            let payload = try #require(envelope["payload"])
            #expect(Int64(PythonJSONLength.count(payload.encoded[...])) == vector["pyJsonDumpsLen"]?.intValue, "\(id)")
            let body = JSONValue.object(envelope).encoded
            guard vector.at("result", "ok") == true else {
                let error = try #require(refusal(of: body), "\(id)")
                let place = vector.at("result", "errors")?.arrayValue?.first?.objectValue?["loc"]?.texts?.first
                #expect(error.details["path"]?.stringValue == place, "\(id)")
                #expect(error.code == (id.hasPrefix("size/") ? .payloadTooLarge : .validationError), "\(id)")
                continue
            }
            let incoming = try IncomingIntent(parsing: body)
            #expect(incoming.shape == .bare)
            guard let kept = vector.at("result", "payload")?.objectValue else { continue }
            #expect(incoming.envelope.payload.value() == .object(kept), "\(id)")
        }
    }
}
