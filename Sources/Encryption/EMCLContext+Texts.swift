import IntentProtocol

extension EMCLContext {
    /// Who asks.
    package var caller: ArraySlice<UInt8> { text(0) }
    /// The caller's tenant.
    package var tenant: ArraySlice<UInt8> { text(1) }
    /// The agent that a call is for, and that a reply comes from.
    package var audience: ArraySlice<UInt8> { text(2) }
    /// The intent's name.
    package var intent: ArraySlice<UInt8> { text(3) }
    /// The intent's version.
    package var intentVersion: ArraySlice<UInt8> { text(4) }
    /// The request's id.
    package var requestId: ArraySlice<UInt8> { text(5) }

    func text(_ index: Int) -> ArraySlice<UInt8> { bytes[range(index)] }

    func range(_ index: Int) -> Range<Int> {
        let start = index == 0 ? 0 : Int(ends[index - 1])
        return (start + 2)..<Int(ends[index])
    }

    @inline(__always)
    func withText<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range(index)])) }
    }

    /// Whether a text is this one.
    func isText(_ text: Text, _ wanted: ArraySlice<UInt8>) -> Bool {
        withText(text.rawValue) { text in wanted.withUnsafeBytes { equalBytes(text, $0) } }
    }

    /// Whether a frame has this direction, answers this nonce and has the texts as they would be written here.
    func isWritten(_ direction: EMCLDirection, inReplyTo asked: EMCLNonce?, _ frame: SealedFrame) -> Bool {
        guard direction == self.direction, asked == inReplyTo, let place = frame.placeOfTexts else { return false }
        return frame.withBytes { frame in
            withMembers { equalBytes($0, UnsafeRawBufferPointer(rebasing: frame[place])) }
        }
    }

    /// The texts that somebody is compared with.
    enum Text: Int {
        case caller, tenant, audience
    }

    /// How many bytes ``withAuthenticated(_:)`` lends.
    var authenticatedByteCount: Int { Int(ends[5]) }

    /// How many bytes ``withMembers(_:)`` lends.
    var membersByteCount: Int { bytes.count - authenticatedByteCount }

    /// Lends the texts as they are authenticated: each after its length in two bytes, the caller first.
    @inline(__always)
    func withAuthenticated<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<authenticatedByteCount])) }
    }

    /// Lends the texts as members of a body, each with the comma before it.
    @inline(__always)
    func withMembers<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[authenticatedByteCount...])) }
    }

    /// What stands before each text in a body; a quote follows the last.
    @inline(__always)
    static func memberHead(_ index: Int) -> StaticString {
        switch index {
        case 0: #","caller":""#
        case 1: #"","tenant":""#
        case 2: #"","audience":""#
        case 3: #"","intent":""#
        case 4: #"","intentVersion":""#
        default: #"","requestId":""#
        }
    }

    /// What the six heads and the last quote have together.
    static let memberHeadsByteCount = 84
    static let textMembers: [SealedFrame.Member] = [
        .caller, .tenant, .audience, .intent, .intentVersion, .requestId,
    ]

    static func appendEscapedMembers(to bytes: inout [UInt8], _ ends: InlineArray<6, Int32>) {
        var start = 0
        for index in 0..<6 {
            let end = Int(ends[index])
            let text = Array(bytes[(start + 2)..<end])
            bytes.append(literal: memberHead(index))
            text.withUnsafeBufferPointer { bytes.append(escaping: $0) }
            start = end
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Whether every text is short enough, and an answer says what it answers and nothing else does.
    var isSealable: Bool {
        !isTooLong && (inReplyTo == nil) == (direction.answering != nil)
    }
}
