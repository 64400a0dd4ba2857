/// A frame of message type `emcl`, or its body alone: where its members stand, and nothing opened.
///
/// The members of both profiles are read; whether they are those that a profile asks for is the opener's to say.
package struct SealedFrame: Sendable {
    /// The members that a sealed body may have.
    package enum Member: UInt16, Sendable, CaseIterable {
        case emcl, kid, direction, time, caller, tenant, audience, intent, intentVersion, requestId, nonce, inReplyTo
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

    struct Place {
        var range = ByteRange.absent
        var isEscaped = false
    }

    let storage: [UInt8]
    /// By member. An array, for a frame is handed on often and looked at in other modules: a value of this
    /// size would be copied each time.
    private(set) var places = Self.nowhere
    /// From the comma before `caller` to the closing quote of `requestId`, where our own parts wrote them; else absent.
    var textMembers = ByteRange.absent

    /// How every frame of ours begins, up to its body.
    package static let head: StaticString =
        #"{"protocol":"INTENTUSNET/1.0","messageType":"emcl","headers":{},"body":"#

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
            if frame.readOrdinaryBody(&scanner, closing: "\"}") { return true }
            try scanner.begin()
            try frame.readBody(&scanner)
            try scanner.finish()
            return true
        }
    }

    init(storage: [UInt8]) {
        self.storage = storage
    }

    private static let nowhere = Array(repeating: Place(), count: Member.allCases.count)

    /// Forgets where members stand.
    mutating func clear() {
        places = Self.nowhere
        textMembers = .absent
    }

    @inline(__always)
    mutating func note(_ member: Member, _ place: Place) { places[Int(member.rawValue)] = place }

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

    /// Whether the member is a string of these bytes, written without escapes.
    package func plain(_ member: Member, is wanted: [UInt8]) -> Bool {
        let range = places[Int(member.rawValue)].range.range
        guard isPlain(member), range.count == wanted.count else { return false }
        return storage.withUnsafeBufferPointer { storage in
            wanted.withUnsafeBufferPointer { wanted in
                guard let base = storage.baseAddress, let other = wanted.baseAddress else { return true }
                return equalBytes(base + range.lowerBound, other, range.count)
            }
        }
    }

    /// The most bytes that the decoded text of a string has: no escape is shorter than what it stands for.
    package func textByteCountMax(_ member: Member) -> Int { places[Int(member.rawValue)].range.count }

    /// Copies the decoded text of a string into memory of ``textByteCountMax(_:)`` bytes; how many bytes it has, nil when it is
    /// not there.
    package func copyText(_ member: Member, to memory: UnsafeMutableRawBufferPointer) -> Int? {
        let place = places[Int(member.rawValue)]
        guard !place.range.isAbsent else { return nil }
        return storage.withUnsafeBytes { storage in
            let raw = UnsafeRawBufferPointer(rebasing: storage[place.range.range])
            guard place.isEscaped else {
                memory.copyMemory(from: raw)
                return raw.count
            }
            let decoded = JSONStringText.decoded(raw.assumingMemoryBound(to: UInt8.self))
            memory.copyBytes(from: decoded)
            return decoded.count
        }
    }

    /// Where the text of a string stands among the bytes of the frame, still with its escapes.
    package func place(_ member: Member) -> Range<Int> { places[Int(member.rawValue)].range.range }

    /// Whether it was read as our own parts write a body of profile `v2`: then it has all members of that, without escapes, and no others.
    package var isOrdinary: Bool { !textMembers.isAbsent }

    /// Where the members from `caller` to `requestId` stand with the comma before them, exactly as our own parts write them and none of
    /// their texts escaped; nil where they are written otherwise.
    package var placeOfTexts: Range<Int>? { textMembers.isAbsent ? nil : textMembers.range }

    /// Lends the bytes of the frame.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        storage.withUnsafeBytes(body)
    }

    /// How many bytes a string of base64 stands for, by its length and padding alone; nil when no bytes are written like
    /// that, or with escapes, or it is not there.
    package func base64ByteCount(_ member: Member) -> Int? {
        guard isPlain(member) else { return nil }
        return storage.withUnsafeBytes {
            Base64.decodedCount(UnsafeRawBufferPointer(rebasing: $0[places[Int(member.rawValue)].range.range]))
        }
    }

    /// Decodes a string of base64 into memory of ``base64ByteCount(_:)`` bytes; false when it is not canonical.
    package func decodeBase64(_ member: Member, into memory: UnsafeMutableRawBufferPointer) -> Bool {
        guard isPlain(member) else { return false }
        return storage.withUnsafeBytes {
            Base64.decode(
                UnsafeRawBufferPointer(rebasing: $0[places[Int(member.rawValue)].range.range]), into: memory)
        }
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
