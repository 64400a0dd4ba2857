import IntentProtocol

/// What the records that begin a chain or a file say about it.
struct AuditStart {
    /// Whether it begins a chain, and not only a file.
    let isBeginning: Bool
    let keyId: String?
    let previous: AuditLink?

    /// Reads it from the record; nil for other records.
    init?(_ line: UnsafeBufferPointer<UInt8>, _ head: AuditLineHead) {
        guard head.event == "audit_start" || head.event == "audit_continue" else { return nil }
        isBeginning = head.event == "audit_start"
        guard case .object(let members)? = try? JSONValue(parsing: Array(line)) else { return nil }
        if case .string(let id)? = members["keyId"] { keyId = id } else { keyId = nil }
        previous = members["previous"].flatMap(AuditLink.init(json:))
    }
}

extension AuditLink {
    fileprivate init?(json: JSONValue) {
        guard case .object(let members) = json, case .string(let chain)? = members["chain"],
            case .string(let text)? = members["hash"],
            let hash = Array(text.utf8).withUnsafeBufferPointer({ AuditHash(hex: $0) }),
            let sequence = members["seq"].flatMap(Self.number)
        else { return nil }
        self.init(chain: chain, sequence: sequence, hash: hash)
        if case .bool(true)? = members["closed"] { isClosed = true }
        tornBytes = members["tornBytes"].flatMap(Self.number).map(Int.init(clamping:)) ?? 0
    }

    private static func number(_ json: JSONValue) -> UInt64? {
        UInt64(String(decoding: json.encoded, as: UTF8.self))
    }
}
