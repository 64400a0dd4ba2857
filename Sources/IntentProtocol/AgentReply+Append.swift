extension AgentReply {
    /// Appends the answer for the caller.
    ///
    /// The payload and the metadata travel as the bytes that came. `metadata.traceId` becomes the request's; a different
    /// one of the worker moves to `agentTraceId`.
    public func append(
        to bytes: inout [UInt8], shape: IncomingIntent.Shape, traceId: String, extras: ReplyExtras = ReplyExtras()
    ) {
        var escaped: [UInt8] = []
        escaped.append(escaping: traceId)
        append(to: &bytes, shape: shape, traceId: escaped, extras: extras)
    }

    /// Appends the answer for the caller, with a trace id that is already escaped: the form for a hot path.
    ///
    /// - Parameter traceId: text as it stands between JSON quotes, such as ``IntentEnvelope/traceIdBytes``.
    public func append(
        to bytes: inout [UInt8], shape: IncomingIntent.Shape, traceId: [UInt8],
        extras: ReplyExtras = ReplyExtras()
    ) {
        bytes.reserveCapacity(bytes.count + storage.count + traceId.count + 512)
        switch shape {
        case .frame: bytes.append(literal: Self.frameStart)
        case .bare: break
        }
        bytes.append(literal: "{\"version\":\"")
        if fields.version.isAbsent { bytes.append(literal: "1.0") } else { append(fields.version, to: &bytes) }
        bytes.append(literal: status == .success ? "\",\"status\":\"success\"" : "\",\"status\":\"error\"")
        bytes.append(literal: ",\"payload\":")
        if fields.payload.isAbsent { bytes.append(literal: "null") } else { append(fields.payload, to: &bytes) }
        bytes.append(literal: ",\"metadata\":{")
        appendMetadata(to: &bytes, traceId, extras)
        bytes.append(literal: "},\"error\":")
        if let error { error.appendEncoded(to: &bytes) } else { bytes.append(literal: "null") }
        bytes.append(literal: shape == .frame ? "}}" : "}")
    }

    private func append(_ range: ByteRange, to bytes: inout [UInt8]) {
        storage.withUnsafeBufferPointer {
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[range.range]))
        }
    }

    private func appendMetadata(
        to bytes: inout [UInt8], _ traceId: [UInt8], _ extras: ReplyExtras
    ) {
        let start = bytes.count
        let keepsTraceId = isTraceId(traceId)
        if extras.members.isEmpty, keepsTraceId || fields.traceId.isAbsent {
            // What stands between the braces, as it came.
            if fields.hasMembers {
                append(ByteRange(Int(fields.metadata.start) + 1, Int(fields.metadata.end) - 1), to: &bytes)
            }
        } else {
            appendOtherMembers(to: &bytes, replacedBy: extras.members, keepsTraceId: keepsTraceId)
        }
        if !keepsTraceId {
            bytes.append(literal: bytes.count == start ? "\"traceId\":\"" : ",\"traceId\":\"")
            bytes.append(contentsOf: traceId)
            bytes.append(UInt8(ascii: "\""))
        }
        if fields.agent.isAbsent, let agent = extras.agent, extras.members["agent"] == nil {
            bytes.append(literal: ",\"agent\":")
            bytes.append(quoting: agent)
        }
        if fields.timestamp.isAbsent, let timestamp = extras.timestamp, extras.members["timestamp"] == nil {
            bytes.append(literal: ",\"timestamp\":")
            bytes.append(quoting: timestamp)
        }
        for member in extras.members where !Self.isTraceKey(member.key) {
            bytes.append(UInt8(ascii: ","))
            bytes.append(quoting: member.key)
            bytes.append(UInt8(ascii: ":"))
            member.value.appendEncoded(to: &bytes)
        }
    }

    /// Whether the worker answered under the request's trace id, written alike.
    private func isTraceId(_ escaped: [UInt8]) -> Bool {
        guard !fields.traceId.isAbsent, fields.traceId.count == escaped.count + 2,
            storage[Int(fields.traceId.start)] == UInt8(ascii: "\"")
        else { return false }
        return storage[Int(fields.traceId.start) + 1..<Int(fields.traceId.end) - 1].elementsEqual(escaped)
    }

    /// The gateway alone decides what stands under these keys.
    private static func isTraceKey(_ key: String) -> Bool {
        key == "traceId" || key == "agentTraceId"
    }

    /// Appends the worker's members one by one, without those that others take the place of.
    private func appendOtherMembers(to bytes: inout [UInt8], replacedBy members: JSONObject, keepsTraceId: Bool) {
        guard !fields.metadata.isAbsent else { return }
        let movesTraceId = !keepsTraceId && traceId?.isEmpty == false
        var isFirst = true
        for member in JSONMembers(storage[fields.metadata.range]) {
            switch member.key {
            case "traceId" where !keepsTraceId && !movesTraceId: continue
            case "agentTraceId" where movesTraceId: continue
            case "traceId", "agentTraceId": break
            default: if members[member.key] != nil { continue }
            }
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            if movesTraceId, member.key == "traceId" {
                bytes.append(literal: "\"agentTraceId\":")
                bytes.append(contentsOf: member.text[member.valueStart...])
            } else {
                bytes.append(contentsOf: member.text)
            }
        }
    }
}
