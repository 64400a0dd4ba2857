extension IntentEnvelope {
    private static var frameStart: StaticString {
        """
        {"protocol":"INTENTUSNET/1.0","messageType":"intent","headers":{},"body":
        """
    }

    /// The envelope of a frame that ``appendFrame(to:callerEntries:serviceEntry:traceId:)`` wrote.
    package static func withoutFrame(_ frame: [UInt8]) -> ArraySlice<UInt8> {
        frame[frameStart.utf8CodeUnitCount..<(frame.count - 1)]
    }

    /// Appends the frame that goes to a worker.
    ///
    /// Keys stand in the protocol's order, enumerations in lower case, defaults filled in. Unknown top-level keys of the
    /// body and every bearer token are left out.
    ///
    /// - Parameters:
    ///   - chainPrefix: entries that go before the client's own identity chain.
    ///   - traceId: the trace id when the envelope has none; one that the envelope has stays.
    public func appendFrame(to bytes: inout [UInt8], chainPrefix: some Collection<String>, traceId: String?) {
        var escapedTraceId: [UInt8] = []
        if fields.traceId.isAbsent, let traceId { escapedTraceId.append(escaping: traceId) }
        appendFrame(to: &bytes, traceId: escapedTraceId) { bytes in
            var isFirst = true
            for entry in chainPrefix {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                bytes.append(quoting: entry)
            }
            return !isFirst
        }
    }

    /// Appends the frame that goes to a worker, from parts that are escaped already: the form for a gateway's hot path.
    ///
    /// The identity chain becomes the caller's entries, the service entry, then the client's own without bearer tokens.
    ///
    /// - Parameters:
    ///   - callerEntries: `user:<sub>`, `service:<principal>` or both, as they stand between the first JSON quote and the last;
    ///     nil when there is no caller.
    ///   - serviceEntry: `service:<gateway>` as it stands between JSON quotes.
    ///   - traceId: text as it stands between JSON quotes, used when the envelope has no trace id.
    public func appendFrame(to bytes: inout [UInt8], callerEntries: [UInt8]?, serviceEntry: [UInt8], traceId: [UInt8]) {
        appendFrame(to: &bytes, traceId: traceId) { bytes in
            bytes.append(UInt8(ascii: "\""))
            if let callerEntries {
                bytes.append(contentsOf: callerEntries)
                bytes.append(literal: "\",\"")
            }
            bytes.append(contentsOf: serviceEntry)
            bytes.append(UInt8(ascii: "\""))
            return true
        }
    }

    /// - Parameter appendPrefix: appends the encoded entries before the client's, with commas between; true if any.
    @inline(__always)
    private func appendFrame(to bytes: inout [UInt8], traceId: [UInt8], _ appendPrefix: (inout [UInt8]) -> Bool) {
        bytes.reserveCapacity(bytes.count + storage.count + traceId.count + 1024)
        bytes.append(literal: Self.frameStart)
        bytes.append(literal: "{\"version\":\"")
        storage.withUnsafeBufferPointer { body in
            appendIntent(body, to: &bytes)
            appendContext(body, to: &bytes)
            appendMetadata(body, to: &bytes, traceId)
            let hasPrefix = appendPrefix(&bytes)
            appendClientChain(body, to: &bytes, isFirst: !hasPrefix)
            appendRouting(body, to: &bytes)
        }
    }

    private func appendIntent(_ body: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(fields.version, of: body)
        bytes.append(literal: "\",\"intent\":{\"name\":\"")
        bytes.append(fields.intentName, of: body)
        bytes.append(literal: "\",\"version\":\"")
        bytes.append(fields.intentVersion, of: body, orElse: "1.0")
        bytes.append(literal: "\"},\"payload\":")
        if let cut {
            bytes.append(contentsOf: cut.payload)
        } else {
            bytes.append(fields.payload, of: body, orElse: "{}")
        }
    }

    private func appendContext(_ body: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(literal: ",\"context\":{\"sourceAgent\":\"")
        bytes.append(fields.sourceAgent, of: body)
        bytes.append(literal: "\",\"timestamp\":\"")
        bytes.append(fields.timestamp, of: body)
        switch fields.priority {
        case .low: bytes.append(literal: "\",\"priority\":\"low\",\"tags\":")
        case .normal: bytes.append(literal: "\",\"priority\":\"normal\",\"tags\":")
        case .high: bytes.append(literal: "\",\"priority\":\"high\",\"tags\":")
        }
        bytes.append(fields.tags.range, of: body, orElse: "[]")
    }

    private func appendMetadata(
        _ body: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8], _ traceId: [UInt8]
    ) {
        bytes.append(literal: "},\"metadata\":{\"requestId\":\"")
        bytes.append(fields.requestId, of: body)
        bytes.append(literal: "\",\"source\":\"")
        bytes.append(fields.source, of: body)
        bytes.append(literal: "\",\"createdAt\":\"")
        bytes.append(fields.createdAt, of: body)
        bytes.append(literal: "\",\"traceId\":\"")
        if fields.traceId.isAbsent {
            bytes.append(contentsOf: traceId)
        } else {
            bytes.append(fields.traceId, of: body)
        }
        bytes.append(literal: "\",\"identityChain\":[")
    }

    private func appendClientChain(_ body: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8], isFirst: Bool) {
        let list = fields.identityChain
        guard list.count > 0 else { return }
        guard fields.chainHoldsToken else {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            // What stands between the brackets.
            let inside = body[Int(list.range.start) + 1..<Int(list.range.end) - 1]
            return bytes.append(contentsOf: UnsafeBufferPointer(rebasing: inside))
        }
        var isFirst = isFirst
        forEachEntry(of: list) { raw in
            guard !BearerEntry.isBearer(raw) else { return }
            bytes.append(literal: isFirst ? "\"" : ",\"")
            isFirst = false
            bytes.append(contentsOf: raw)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private func appendRouting(_ body: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        switch fields.strategy {
        case .direct: bytes.append(literal: "]},\"routing\":{\"strategy\":\"direct\",\"targetAgent\":")
        case .fallback: bytes.append(literal: "]},\"routing\":{\"strategy\":\"fallback\",\"targetAgent\":")
        case .broadcast: bytes.append(literal: "]},\"routing\":{\"strategy\":\"broadcast\",\"targetAgent\":")
        case .parallel: bytes.append(literal: "]},\"routing\":{\"strategy\":\"parallel\",\"targetAgent\":")
        }
        if fields.targetAgent.isAbsent {
            bytes.append(literal: "null,\"fallbackAgents\":")
        } else {
            bytes.append(UInt8(ascii: "\""))
            bytes.append(fields.targetAgent, of: body)
            bytes.append(literal: "\",\"fallbackAgents\":")
        }
        bytes.append(fields.fallbackAgents.range, of: body, orElse: "[]")
        bytes.append(literal: "},\"routingMetadata\":{\"decisionPath\":")
        bytes.append(fields.decisionPath.range, of: body, orElse: "[]")
        bytes.append(literal: ",\"retries\":")
        if fields.retries == 0 {
            bytes.append(UInt8(ascii: "0"))
        } else {
            bytes.append(contentsOf: String(fields.retries).utf8)
        }
        bytes.append(literal: "}}}")
    }
}

extension [UInt8] {
    /// Appends a field of a body.
    @inline(__always)
    fileprivate mutating func append(_ range: ByteRange, of body: UnsafeBufferPointer<UInt8>) {
        append(contentsOf: UnsafeBufferPointer(rebasing: body[range.range]))
    }

    /// Appends a field of a body, or its default.
    @inline(__always)
    fileprivate mutating func append(
        _ range: ByteRange, of body: UnsafeBufferPointer<UInt8>, orElse absent: StaticString
    ) {
        if range.isAbsent { append(literal: absent) } else { append(range, of: body) }
    }
}
