/// The body of a request, validated: a frame, or an envelope without one.
///
/// One pass over the bytes checks the JSON and the protocol together. No tree is built: the bytes are kept, with the
/// places of the fields, and strings are made when asked for.
public struct IncomingIntent: Sendable {
    /// The form in which the body came and its answer goes.
    public enum Shape: Sendable, Hashable {
        /// `{"protocol":…,"messageType":"intent","headers":…,"body":{…}}`.
        case frame
        /// The envelope alone.
        case bare
    }

    /// The form in which the body came.
    public let shape: Shape
    /// The envelope, without dangerous keys in its payload.
    public let envelope: IntentEnvelope
    private let authorization: ByteRange

    /// Validates a body and keeps it.
    ///
    /// A top-level `messageType`, `protocol` or object `body` makes it a frame; other top-level keys are ignored.
    /// - Throws: ``IntentError`` whose message names the place:
    ///   - `VALIDATION_ERROR` for JSON that is not strict and for an envelope that is not as the protocol asks,
    ///   - `PROTOCOL_ERROR` for a frame of another protocol, of an unknown message type or without a body,
    ///   - `EMCL_FAILURE` for an encrypted frame,
    ///   - `PAYLOAD_TOO_LARGE` for a body or payload over its limit.
    public init(parsing bytes: [UInt8], limits: EnvelopeLimits = .default) throws(IntentError) {
        let bodyBytesMax = min(limits.bodyBytesMax, Int(Int32.max))
        guard bytes.count <= bodyBytesMax else {
            throw IntentError(.payloadTooLarge, "the body has \(bytes.count) bytes, more than \(bodyBytesMax)")
        }
        let reading = try bytes.withUnsafeBufferPointer { (buffer) throws(IntentError) -> Reading in
            do throws(ScanFault) { return try Reading(buffer, limits: limits) } catch {
                throw IntentError(error, in: buffer)
            }
        }
        shape = reading.isFrame ? .frame : .bare
        authorization = reading.authorization
        var cut: PayloadCut?
        if !reading.fields.payload.isAbsent {
            try PayloadSize.check(
                bytes[reading.fields.payload.range], path: reading.isFrame ? "body.payload" : "payload", limits: limits)
            if reading.sawDangerousKey {
                cut = DangerousKeyCutter.cut(bytes[reading.fields.payload.range], from: limits.dangerousKeys)
            }
        }
        envelope = IntentEnvelope(storage: bytes, fields: reading.fields, cut: cut)
    }

    /// How many bytes the body has; the frame to a worker is at most about 1 KiB longer.
    public var byteCount: Int { envelope.storage.count }

    /// The value of the frame's `Authorization` header, whatever the letter case of its name; nil when there is none.
    public var frameAuthorization: String? {
        authorization.isAbsent ? nil : envelope.string(authorization)
    }

    /// The tokens that the body presents, in the frame's header and then in the identity chain, each once and without
    /// its scheme.
    ///
    /// Without any, this costs nothing.
    public func bearerTokens() -> [String] {
        guard !authorization.isAbsent || envelope.fields.chainHoldsToken else { return [] }
        var tokens: [String] = []
        if let header = frameAuthorization { tokens.append(BearerEntry.remainder(header) ?? header) }
        for entry in envelope.strings(envelope.fields.identityChain) {
            guard let token = BearerEntry.remainder(entry), !tokens.contains(where: token.isIdentical) else { continue }
            tokens.append(token)
        }
        return tokens
    }

    /// What the pass over a body found.
    private struct Reading {
        var fields: EnvelopeFields
        var isFrame: Bool
        var authorization = ByteRange.absent
        var sawDangerousKey: Bool

        init(_ bytes: UnsafeBufferPointer<UInt8>, limits: EnvelopeLimits) throws(ScanFault) {
            var reader = EnvelopeReader(bytes, limits: limits)
            do throws(ScanFault) { try reader.read() } catch {
                reader = try Self.lookAgain(bytes, limits, isFrame: reader.isFrame, after: error)
            }
            fields = reader.fields
            isFrame = reader.isFrame
            sawDangerousKey = reader.scanner.sawDangerousKey
            guard isFrame, !reader.headers.isAbsent else { return }
            authorization = try FrameHeaders.authorization(bytes, value: reader.headers, limits: limits)
        }

        /// Decides what a refused body was, when a later key may turn it into a frame or its frame tells more.
        private static func lookAgain(
            _ bytes: UnsafeBufferPointer<UInt8>, _ limits: EnvelopeLimits, isFrame: Bool, after fault: ScanFault
        ) throws(ScanFault) -> EnvelopeReader {
            if case .syntax = fault { throw fault }
            var frame = EnvelopeReader(bytes, limits: limits, expecting: .frameAround)
            try frame.read()
            guard frame.isFrame, !isFrame || fault.isFrameAfterAll else { throw fault }
            var reader = EnvelopeReader(bytes, limits: limits, expecting: .frame)
            try reader.read()
            return reader
        }
    }
}

extension ScanFault {
    fileprivate var isFrameAfterAll: Bool {
        if case .frameAfterAll = self { true } else { false }
    }
}
