/// A frame of message type `emcl`, or its body alone: where its members stand, and nothing opened.
///
/// The members of both profiles are read; whether they are those that a profile asks for is the opener's to say.
package struct SealedFrame: Sendable {
    /// The members that a sealed body may have.
    package enum Member: UInt16, Sendable, CaseIterable {
        case emcl, kid, direction, time, caller, tenant, audience, intent, intentVersion, requestId, inReplyTo, nonce
        case cipherText
        case iv, tag, identityChain
    }

    /// Why bytes are not a sealed message as the protocol has them.
    package enum Fault: Error, Sendable, Hashable {
        /// Not strict JSON, or members that are unknown, doubled or of another type.
        case malformed
        /// More bytes than the limit.
        case tooLarge
    }

    private struct Place {
        var range = ByteRange.absent
        var isEscaped = false
    }

    private let storage: [UInt8]
    private var places = InlineArray<16, Place>(repeating: Place())

    /// Reads a frame; nil when the first thing that tells says that it is no sealed one.
    ///
    /// A frame tells by its `messageType`, which must come before its `body`; a bare envelope by its first key.
    ///
    /// - Parameter bytesMax: the most bytes of the whole frame.
    /// - Throws: only after the message type was read as `emcl`.
    package static func read(_ bytes: [UInt8], bytesMax: Int) throws(Fault) -> SealedFrame? {
        var frame = SealedFrame(storage: bytes)
        let isSealed = try frame.scan { (scanner, frame) throws(ScanFault) in
            try Self.readFrame(&scanner, &frame, isTooLarge: bytes.count > min(bytesMax, Int(Int32.max)))
        }
        return isSealed ? frame : nil
    }

    /// Reads a body without its frame.
    ///
    /// - Parameter bytesMax: the most bytes of the body.
    package init(parsingBody bytes: [UInt8], bytesMax: Int) throws(Fault) {
        guard bytes.count <= min(bytesMax, Int(Int32.max)) else { throw .tooLarge }
        self.init(storage: bytes)
        _ = try scan { (scanner, frame) throws(ScanFault) in
            try scanner.begin()
            try frame.readBody(&scanner)
            try scanner.finish()
            return true
        }
    }

    private init(storage: [UInt8]) {
        self.storage = storage
    }

    /// Whether the member is there.
    package func has(_ member: Member) -> Bool { !places[Int(member.rawValue)].range.isAbsent }

    /// The decoded text of a string; nil when it is not there. Without escapes it is a part of the frame, not a copy.
    package func text(_ member: Member) -> ArraySlice<UInt8>? {
        let place = places[Int(member.rawValue)]
        guard !place.range.isAbsent else { return nil }
        guard place.isEscaped else { return storage[place.range.range] }
        return storage.withUnsafeBufferPointer {
            JSONStringText.decoded(UnsafeBufferPointer(rebasing: $0[place.range.range]))[...]
        }
    }

    /// Whether the member is a string without escapes.
    package func isPlain(_ member: Member) -> Bool {
        has(member) && !places[Int(member.rawValue)].isEscaped
    }

    /// Whether the member is this string, written without escapes.
    package func plain(_ member: Member, is wanted: StaticString) -> Bool {
        let range = places[Int(member.rawValue)].range.range
        guard isPlain(member), range.count == wanted.utf8CodeUnitCount else { return false }
        return storage.withUnsafeBufferPointer { storage in
            storage.baseAddress.map { equalBytes($0 + range.lowerBound, wanted.utf8Start, range.count) } ?? false
        }
    }

    /// The bytes of a string without escapes; nil when it has any or is not there.
    package func plainBytes(_ member: Member) -> [UInt8]? {
        isPlain(member) ? Array(storage[places[Int(member.rawValue)].range.range]) : nil
    }

    /// Appends the decoded text of a string; how many bytes that are, nil when it is not there.
    package func appendText(_ member: Member, to bytes: inout [UInt8]) -> Int? {
        let place = places[Int(member.rawValue)]
        guard !place.range.isAbsent else { return nil }
        let start = bytes.count
        storage.withUnsafeBufferPointer { storage in
            let raw = UnsafeBufferPointer(rebasing: storage[place.range.range])
            if place.isEscaped {
                bytes.append(contentsOf: JSONStringText.decoded(raw))
            } else {
                bytes.append(contentsOf: raw)
            }
        }
        return bytes.count - start
    }

    /// Appends the bytes of a string of base64; false, and nothing appended, when it is not canonical base64 without escapes.
    package func appendBase64(_ member: Member, to bytes: inout [UInt8]) -> Bool {
        guard isPlain(member) else { return false }
        let range = places[Int(member.rawValue)].range.range
        let start = bytes.count
        let isValid = storage.withUnsafeBytes { storage in
            let text = UnsafeRawBufferPointer(rebasing: storage[range])
            guard let count = Base64.decodedCount(text) else { return false }
            bytes.append(contentsOf: repeatElement(0, count: count))
            return bytes.withUnsafeMutableBytes {
                Base64.decode(text, into: UnsafeMutableRawBufferPointer(rebasing: $0[start...]))
            }
        }
        if !isValid { bytes.removeSubrange(start...) }
        return isValid
    }

    /// The whole number of `time`: digits alone, the first no zero; nil when it is not there or written otherwise.
    package var milliseconds: Int64? {
        let place = places[Int(Member.time.rawValue)]
        guard !place.range.isAbsent, (1...15).contains(place.range.count) else { return nil }
        var value: Int64 = 0
        for byte in storage[place.range.range] {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10, value > 0 || digit > 0 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }
}

extension SealedFrame {
    private mutating func scan(
        _ read: (inout JSONScanner, inout SealedFrame) throws(ScanFault) -> Bool
    ) throws(Fault) -> Bool {
        var limits = JSONLimits()
        limits.stringBytesMax = storage.count
        return try storage.withUnsafeBufferPointer { (bytes) throws(Fault) -> Bool in
            var scanner = JSONScanner(bytes, limits: limits)
            do throws(ScanFault) { return try read(&scanner, &self) } catch {
                if case .syntax(.stringTooLong, _) = error { throw .tooLarge }
                throw .malformed
            }
        }
    }

    private enum FrameMember: UInt16 {
        case `protocol`, messageType, headers, body
    }

    /// Reads the outer object; false as soon as it is known to be none of ours.
    private static func readFrame(
        _ scanner: inout JSONScanner, _ frame: inout SealedFrame, isTooLarge: Bool
    ) throws(ScanFault) -> Bool {
        guard let isSealed = try? findType(&scanner), isSealed else { return false }
        // Only now is it worth an answer of its own; the position goes back to read everything strictly.
        guard !isTooLarge else { throw .syntax(.stringTooLong, at: 0) }
        scanner.position = 0
        try scanner.begin()
        var seen = SeenMembers<FrameMember>()
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 1) else { return false }
        repeat {
            let key = try scanner.scanMemberKey()
            let member = try frameMember(key)
            try seen.claim(member, key)
            switch member {
            case .protocol:
                guard try scanner.scanKey().matches("INTENTUSNET/1.0") else { throw scanner.unexpected }
            case .messageType: _ = try scanner.scanKey()
            case .headers: try scanner.skipObject(depth: 2, watch: .off)
            case .body: try frame.readBody(&scanner)
            }
        } while try scanner.continues(closing: UInt8(ascii: "}"))
        try scanner.finish()
        guard seen.contains(.protocol), seen.contains(.body) else { throw .syntax(.unexpectedEnd, at: 0) }
        return true
    }

    /// Passes the members before `messageType`, and tells whether that is `emcl`.
    private static func findType(_ scanner: inout JSONScanner) throws(ScanFault) -> Bool {
        try scanner.begin()
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 1) else { return false }
        repeat {
            let key = try scanner.scanMemberKey()
            if key.matches("messageType") { return try scanner.scanKey().matches("emcl") }
            guard key.matches("protocol") || key.matches("headers") else { return false }
            try scanner.skipValue(depth: 2, watch: .off)
        } while try scanner.continues(closing: UInt8(ascii: "}"))
        return false
    }

    private static func frameMember(_ key: KeyText) throws(ScanFault) -> FrameMember {
        if key.matches("protocol") { return .protocol }
        if key.matches("messageType") { return .messageType }
        if key.matches("headers") { return .headers }
        if key.matches("body") { return .body }
        throw .syntax(.unexpectedByte, at: key.quoteOffset)
    }

    private mutating func readBody(_ scanner: inout JSONScanner) throws(ScanFault) {
        var seen = SeenMembers<Member>()
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 1) else { return }
        repeat {
            let key = try scanner.scanMemberKey()
            let member = try Self.bodyMember(key)
            try seen.claim(member, key)
            let start = scanner.position
            switch member {
            case .time:
                try scanner.scanNumber()
                places[Int(member.rawValue)] = Place(range: ByteRange(start, scanner.position))
            case .identityChain:
                try scanner.skipArray(depth: 2, watch: .off)
                places[Int(member.rawValue)] = Place(range: ByteRange(start, scanner.position))
            default:
                let text = try scanner.scanString()
                places[Int(member.rawValue)] = Place(range: text.range, isEscaped: text.isEscaped)
            }
        } while try scanner.continues(closing: UInt8(ascii: "}"))
    }

    private static func bodyMember(_ key: KeyText) throws(ScanFault) -> Member {
        if key.matches("emcl") { return .emcl }
        if key.matches("kid") { return .kid }
        if key.matches("direction") { return .direction }
        if key.matches("time") { return .time }
        if key.matches("caller") { return .caller }
        if key.matches("tenant") { return .tenant }
        if key.matches("audience") { return .audience }
        if key.matches("intent") { return .intent }
        if key.matches("intentVersion") { return .intentVersion }
        if key.matches("requestId") { return .requestId }
        if key.matches("inReplyTo") { return .inReplyTo }
        if key.matches("nonce") { return .nonce }
        if key.matches("cipherText") { return .cipherText }
        if key.matches("iv") { return .iv }
        if key.matches("tag") { return .tag }
        if key.matches("identityChain") { return .identityChain }
        throw .syntax(.unexpectedByte, at: key.quoteOffset)
    }
}
