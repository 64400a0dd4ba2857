/// Where the fields of a worker's answer stand in its bytes.
struct ReplyFields {
    var version = ByteRange.absent
    var isSuccess = false
    var payload = ByteRange.absent
    /// The whole object.
    var metadata = ByteRange.absent
    var hasMembers = false
    /// Values with whatever kind they have; absent when the key is.
    var agent = ByteRange.absent
    var traceId = ByteRange.absent
    var timestamp = ByteRange.absent
    var usage = ByteRange.absent
    /// The whole object; absent also when it came as null or empty.
    var error = ByteRange.absent
}

/// The one pass over a worker's answer.
struct ReplyReader {
    private var scanner: JSONScanner
    private(set) var fields = ReplyFields()
    private var isResponseFrame = false
    private var hasFrameKey = false
    private var hasBody = false
    private var hasStatus = false

    private enum FrameMember: UInt16 {
        case messageType, `protocol`, body
    }

    private enum ResponseMember: UInt16 {
        case version, status, payload, metadata, error
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        scanner = JSONScanner(bytes, limits: limits)
    }

    /// Reads a response frame, or a response without one.
    mutating func read() throws(ScanFault) {
        try scanner.begin()
        if scanner.position == scanner.end { throw .syntax(.unexpectedEnd, at: scanner.end) }
        guard scanner.byte == UInt8(ascii: "{") else { throw .invalid("must be a JSON object", at: scanner.position) }
        try readOuterObject()
        try scanner.finish()
        guard hasFrameKey || hasBody else {
            guard hasStatus else { throw .missing("messageType", at: 0) }
            return
        }
        guard isResponseFrame else { throw .invalid("is no frame of messageType response", at: 0) }
    }

    private mutating func readOuterObject() throws(ScanFault) {
        var frame = SeenMembers<FrameMember>()
        var response = SeenMembers<ResponseMember>()
        var unknown = RecentKeys()
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 1) else { return }
        repeat {
            let key = try scanner.scanMemberKey()
            if key.matches("messageType") {
                try frame.claim(.messageType, key)
                hasFrameKey = true
                try readMessageType()
            } else if key.matches("body") {
                try frame.claim(.body, key)
                try readBody()
            } else if key.matches("protocol") {
                try frame.claim(.protocol, key)
                hasFrameKey = true
                try scanner.skipValue(depth: 2, watch: .off)
            } else if hasFrameKey || hasBody {
                try skipUnknown(key, &unknown, depth: 2)
            } else {
                try readMember(key, &response, &unknown)
            }
        } while try scanner.continues(closing: UInt8(ascii: "}"))
        if !hasBody, hasFrameKey { fields = ReplyFields() }
    }

    private mutating func readMessageType() throws(ScanFault) {
        guard scanner.byte == UInt8(ascii: "\"") else { return try scanner.skipValue(depth: 2, watch: .off) }
        isResponseFrame = try scanner.scanKey().matches("response")
    }

    private mutating func readBody() throws(ScanFault) {
        guard scanner.byte == UInt8(ascii: "{") else { throw .invalid("must be an object", at: scanner.position) }
        hasBody = true
        // The frame is no level, as in a request.
        fields = ReplyFields()
        var seen = SeenMembers<ResponseMember>()
        var unknown = RecentKeys()
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 1) else { return }
        repeat {
            let key = try scanner.scanMemberKey()
            try readMember(key, &seen, &unknown)
        } while try scanner.continues(closing: UInt8(ascii: "}"))
    }

    @inline(__always)
    private mutating func readMember(
        _ key: KeyText, _ seen: inout SeenMembers<ResponseMember>, _ unknown: inout RecentKeys
    ) throws(ScanFault) {
        let depth = 2
        if key.matches("version") {
            try seen.claim(.version, key)
            if scanner.byte == UInt8(ascii: "\"") {
                fields.version = try scanner.scanString().range
            } else {
                try scanner.skipValue(depth: depth, watch: .off)
            }
        } else if key.matches("status") {
            try seen.claim(.status, key)
            hasStatus = true
            guard scanner.byte == UInt8(ascii: "\"") else { return try scanner.skipValue(depth: depth, watch: .off) }
            fields.isSuccess = try scanner.scanKey().matches("success")
        } else if key.matches("payload") {
            try seen.claim(.payload, key)
            fields.payload = try skipRange(depth: depth)
        } else if key.matches("metadata") {
            try seen.claim(.metadata, key)
            if try !skipsNull() { try readMetadata(depth: depth) }
        } else if key.matches("error") {
            try seen.claim(.error, key)
            if try !skipsNull() { try readError(depth: depth) }
        } else {
            try skipUnknown(key, &unknown, depth: depth)
        }
    }

    private mutating func readMetadata(depth: Int) throws(ScanFault) {
        let start = scanner.position
        guard scanner.byte == UInt8(ascii: "{") else { throw .invalid("must be an object", at: start) }
        defer { fields.metadata = ByteRange(start, scanner.position) }
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: depth) else { return }
        fields.hasMembers = true
        var keys = RecentKeys()
        repeat {
            let key = try scanner.scanMemberKey()
            try scanner.note(key, in: &keys)
            let value = try skipRange(depth: depth + 1)
            if key.matches("agent") {
                fields.agent = value
            } else if key.matches("traceId") {
                fields.traceId = value
            } else if key.matches("timestamp") {
                fields.timestamp = value
            } else if key.matches("usage") {
                fields.usage = value
            }
        } while try scanner.continues(closing: UInt8(ascii: "}"))
    }

    private mutating func readError(depth: Int) throws(ScanFault) {
        let start = scanner.position
        guard scanner.byte == UInt8(ascii: "{") else { throw .invalid("must be an object", at: start) }
        try scanner.skipObject(depth: depth, watch: .off)
        var inside = start + 1
        while scanner.base[inside] <= 0x20 { inside += 1 }
        if scanner.base[inside] != UInt8(ascii: "}") { fields.error = ByteRange(start, scanner.position) }
    }

    private mutating func skipRange(depth: Int) throws(ScanFault) -> ByteRange {
        let start = scanner.position
        try scanner.skipValue(depth: depth, watch: .off)
        return ByteRange(start, scanner.position)
    }

    private mutating func skipsNull() throws(ScanFault) -> Bool {
        guard scanner.byte == UInt8(ascii: "n") else { return false }
        try scanner.skipLiteral("null")
        return true
    }

    private mutating func skipUnknown(_ key: KeyText, _ unknown: inout RecentKeys, depth: Int) throws(ScanFault) {
        try scanner.note(key, in: &unknown)
        try scanner.skipValue(depth: depth, watch: .off)
    }
}
