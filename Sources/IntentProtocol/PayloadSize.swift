/// The payload limit of the production guide.
enum PayloadSize {
    /// Refuses a payload over the limit; it is counted before dangerous keys are removed.
    static func check(_ payload: ArraySlice<UInt8>, path: String, limits: EnvelopeLimits) throws(IntentError) {
        // Most payloads are so small that they fit however Python would write them.
        guard payload.count * PythonJSONLength.growthMax > limits.payloadBytesMax else { return }
        let count = PythonJSONLength.count(payload)
        guard count <= limits.payloadBytesMax else {
            throw IntentError(
                .payloadTooLarge, "\(path): \(count) bytes as JSON, more than \(limits.payloadBytesMax)",
                details: ["path": .string(path)])
        }
    }
}
