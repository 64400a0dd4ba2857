extension EnvelopeReader {
    private enum IntentMember: UInt16 {
        case name, version
    }

    mutating func readIntent(depth: Int) throws(ScanFault) {
        let start = scanner.position
        var seen = SeenMembers<IntentMember>()
        try readSection(depth: depth) { (reader: inout EnvelopeReader, key: KeyText) throws(ScanFault) in
            if key.matches("name") {
                try seen.claim(.name, key)
                let place = reader.scanner.position
                reader.fields.intentName = try reader.readText(max: reader.limits.nameBytesMax)
                if reader.fields.intentName.isEmpty { throw .invalid("must not be empty", at: place) }
            } else if key.matches("version") {
                try seen.claim(.version, key)
                reader.fields.intentVersion = try reader.readText(max: reader.limits.nameBytesMax)
            } else {
                throw EnvelopeReader.unknown(key)
            }
        }
        if !seen.contains(.name) { throw .missing("name", at: start) }
    }

    private enum ContextMember: UInt16 {
        case sourceAgent, timestamp, priority, tags
    }

    mutating func readContext(depth: Int) throws(ScanFault) {
        let start = scanner.position
        var seen = SeenMembers<ContextMember>()
        try readSection(depth: depth) { (reader: inout EnvelopeReader, key: KeyText) throws(ScanFault) in
            if key.matches("sourceAgent") {
                try seen.claim(.sourceAgent, key)
                reader.fields.sourceAgent = try reader.readText(max: reader.limits.nameBytesMax)
            } else if key.matches("timestamp") {
                try seen.claim(.timestamp, key)
                reader.fields.timestamp = try reader.readText(max: reader.limits.identifierBytesMax)
            } else if key.matches("priority") {
                try seen.claim(.priority, key)
                reader.fields.priority = try reader.readPriority()
            } else if key.matches("tags") {
                try seen.claim(.tags, key)
                reader.fields.tags = try reader.readNames(depth: depth + 1)
            } else {
                throw EnvelopeReader.unknown(key)
            }
        }
        if !seen.contains(.sourceAgent) { throw .missing("sourceAgent", at: start) }
        if !seen.contains(.timestamp) { throw .missing("timestamp", at: start) }
    }

    private enum MetadataMember: UInt16 {
        case requestId, source, createdAt, traceId, identityChain
    }

    mutating func readMetadata(depth: Int) throws(ScanFault) {
        let start = scanner.position
        var seen = SeenMembers<MetadataMember>()
        try readSection(depth: depth) { (reader: inout EnvelopeReader, key: KeyText) throws(ScanFault) in
            if key.matches("requestId") {
                try seen.claim(.requestId, key)
                reader.fields.requestId = try reader.readText(max: reader.limits.identifierBytesMax)
            } else if key.matches("source") {
                try seen.claim(.source, key)
                reader.fields.source = try reader.readText(max: reader.limits.nameBytesMax)
            } else if key.matches("createdAt") {
                try seen.claim(.createdAt, key)
                reader.fields.createdAt = try reader.readText(max: reader.limits.identifierBytesMax)
            } else if key.matches("traceId") {
                try seen.claim(.traceId, key)
                reader.fields.traceId = try reader.readOptionalText(max: reader.limits.identifierBytesMax)
            } else if key.matches("identityChain") {
                try seen.claim(.identityChain, key)
                if try !reader.skipsNull() { try reader.readIdentityChain(depth: depth + 1) }
            } else {
                throw EnvelopeReader.unknown(key)
            }
        }
        if !seen.contains(.requestId) { throw .missing("requestId", at: start) }
        if !seen.contains(.source) { throw .missing("source", at: start) }
        if !seen.contains(.createdAt) { throw .missing("createdAt", at: start) }
    }

    private enum RoutingMember: UInt16 {
        case strategy, targetAgent, fallbackAgents
    }

    mutating func readRouting(depth: Int) throws(ScanFault) {
        var seen = SeenMembers<RoutingMember>()
        try readSection(depth: depth) { (reader: inout EnvelopeReader, key: KeyText) throws(ScanFault) in
            if key.matches("strategy") {
                try seen.claim(.strategy, key)
                reader.fields.strategy = try reader.readStrategy()
            } else if key.matches("targetAgent") {
                try seen.claim(.targetAgent, key)
                reader.fields.targetAgent = try reader.readOptionalText(max: reader.limits.nameBytesMax)
            } else if key.matches("fallbackAgents") {
                try seen.claim(.fallbackAgents, key)
                reader.fields.fallbackAgents = try reader.readNames(depth: depth + 1)
            } else {
                throw EnvelopeReader.unknown(key)
            }
        }
    }

    private enum RoutingMetadataMember: UInt16 {
        case decisionPath, retries
    }

    mutating func readRoutingMetadata(depth: Int) throws(ScanFault) {
        var seen = SeenMembers<RoutingMetadataMember>()
        try readSection(depth: depth) { (reader: inout EnvelopeReader, key: KeyText) throws(ScanFault) in
            if key.matches("decisionPath") {
                try seen.claim(.decisionPath, key)
                reader.fields.decisionPath = try reader.readNames(depth: depth + 1)
            } else if key.matches("retries") {
                try seen.claim(.retries, key)
                reader.fields.retries = try reader.readCount()
            } else {
                throw EnvelopeReader.unknown(key)
            }
        }
    }

    /// Reads an object whose members are all known to the protocol.
    @inline(__always)
    private mutating func readSection(
        depth: Int, _ readMember: (inout EnvelopeReader, KeyText) throws(ScanFault) -> Void
    ) throws(ScanFault) {
        guard scanner.byte == UInt8(ascii: "{") else { throw .invalid("must be an object", at: scanner.position) }
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: depth) else { return }
        repeat {
            let key = try scanner.scanMemberKey()
            try readMember(&self, key)
        } while try scanner.continues(closing: UInt8(ascii: "}"))
    }

    /// A Python peer fails on an unknown key inside these objects, so none may travel in them.
    private static func unknown(_ key: KeyText) -> ScanFault {
        .invalid("unknown key", at: key.quoteOffset)
    }
}
