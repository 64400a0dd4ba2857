import Gateway
import IntentProtocol

/// The form of one audit record: a compact JSON object on a line of its own.
///
/// Members, in this order; one that does not apply is left out:
///
/// - `time` RFC 3339 in UTC with microseconds, `event` a name of ``Gateway/AuditRecord/Event`` or `audit_lost`
/// - `outcome` `success` or the wire's error code, `status` the HTTP status (499: the caller had gone), `reason`
/// - `requestId`, `traceId`, `intent`, `intentVersion`: chosen by the caller
/// - `subject`, `issuer`, `tenant`: verified, or absent
/// - `principal`, `identitySource`: the service that the caller is and what says so; `peerFault`: why that was not accepted
/// - `agent`, `rule`, `shadowRules` (a list)
/// - `authorization`: why the mesh's policies refused; `auditedPolicies` (a list), `dryRun`
/// - `limits`: `degraded` where this node checked the limits alone, because the shared store was away
/// - `action`, `target`, `detail`: what was asked for over the admin API
/// - `latencyMicroseconds`, `attempts` (worker calls), `remote` (the peer's address and port),
///   `client` (the address behind trusted proxies)
///
/// No text is longer than ``LineCursor/fieldBytesMax`` bytes in its escaped form; a longer one ends in `…`.
enum AuditLine {
    /// Texts and lists of a record, each bounded by ``LineCursor/fieldBytesMax``.
    static let fieldsMax = 27
    /// Room that is enough for any line: every text and list at its bound, names, numbers, punctuation.
    static let bytesMax = (fieldsMax + 4) * LineCursor.fieldBytesMax

    /// Writes a record; `secondText` holds the cached text of the record's second.
    static func write(
        _ record: borrowing AuditRecord, secondText: [UInt8], second: Int64, to line: inout LineCursor
    ) {
        line.append("{\"time\":\"")
        secondText.withUnsafeBufferPointer {
            guard let base = $0.baseAddress else { return }
            line.append(bytes: base, count: Timestamp.secondTextBytes)
        }
        line.append(microsecondsOf: record.timeNanoseconds, inSecond: second)
        line.append("\",\"event\":\"")
        line.append(jsonText: record.event.rawValue)
        line.append("\",\"outcome\":\"")
        if let outcome = record.outcome { line.append(jsonText: outcome.rawValue) } else { line.append("success") }
        line.append("\",\"status\":")
        line.append(decimal: Int64(record.status))
        if !record.reason.isEmpty { line.append(member: ",\"reason\":\"", record.reason) }
        line.append(member: ",\"requestId\":\"", record.requestId)
        line.append(member: ",\"traceId\":\"", record.traceId)
        line.append(member: ",\"intent\":\"", record.intent)
        line.append(member: ",\"intentVersion\":\"", record.intentVersion)
        if let subject = record.subject { line.append(member: ",\"subject\":\"", subject) }
        if let issuer = record.issuer { line.append(member: ",\"issuer\":\"", issuer) }
        if let tenant = record.tenant { line.append(member: ",\"tenant\":\"", tenant) }
        if let principal = record.principal { line.append(member: ",\"principal\":\"", principal) }
        if let source = record.identitySource { line.append(member: ",\"identitySource\":\"", source) }
        if let fault = record.peerFault { line.append(member: ",\"peerFault\":\"", fault) }
        if let agent = record.agent { line.append(member: ",\"agent\":\"", agent) }
        if let rule = record.rule { line.append(member: ",\"rule\":\"", rule) }
        if !record.shadowRules.isEmpty { line.append(list: ",\"shadowRules\":[", record.shadowRules) }
        if let reason = record.authorization { line.append(member: ",\"authorization\":\"", reason) }
        if !record.auditedPolicies.isEmpty { line.append(list: ",\"auditedPolicies\":[", record.auditedPolicies) }
        if let dryRun = record.dryRun { line.append(member: ",\"dryRun\":\"", dryRun) }
        if let action = record.action { line.append(member: ",\"action\":\"", action) }
        if let target = record.target { line.append(member: ",\"target\":\"", target) }
        if let detail = record.detail { line.append(member: ",\"detail\":\"", detail) }
        line.append(",\"latencyMicroseconds\":")
        line.append(decimal: max(0, record.latencyNanoseconds) / 1000)
        if record.isLimitDegraded { line.append(",\"limits\":\"degraded\"") }
        line.append(",\"attempts\":")
        line.append(decimal: Int64(record.attempts))
        if !record.remoteAddress.isEmpty { line.append(member: ",\"remote\":\"", record.remoteAddress) }
        if let client = record.clientAddress { line.append(member: ",\"client\":\"", client) }
        line.append("}\n")
    }

    /// Writes the line that stands where records were dropped.
    static func writeLoss(of count: UInt64, unixNanoseconds: Int64, to line: inout LineCursor) {
        let second = Timestamp.second(of: unixNanoseconds)
        line.append("{\"time\":\"")
        line.append(secondText: second)
        line.append(microsecondsOf: unixNanoseconds, inSecond: second)
        line.append("\",\"event\":\"audit_lost\",\"lost\":")
        line.append(decimal: Int64(clamping: count))
        line.append("}\n")
    }
}

extension LineCursor {
    fileprivate mutating func append(member head: StaticString, _ text: String) {
        append(head)
        append(jsonText: text)
        append(byte: UInt8(ascii: "\""))
    }

    fileprivate mutating func append(member head: StaticString, _ text: ArraySlice<UInt8>) {
        guard !text.isEmpty else { return }
        append(head)
        text.withUnsafeBufferPointer { append(jsonText: $0, .escaped) }
        append(byte: UInt8(ascii: "\""))
    }

    /// The list as a whole keeps the bound of one field; entries beyond it are left out.
    fileprivate mutating func append(list head: StaticString, _ texts: [String]) {
        append(head)
        let start = position
        for text in texts {
            let room = Self.fieldBytesMax - (position - start) - 3
            guard room >= 16 else { break }
            if position > start { append(byte: UInt8(ascii: ",")) }
            append(byte: UInt8(ascii: "\""))
            append(jsonText: text, bytesMax: room)
            append(byte: UInt8(ascii: "\""))
        }
        append(byte: UInt8(ascii: "]"))
    }
}
