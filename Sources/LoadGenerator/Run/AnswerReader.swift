import GatewayHTTP
import NIOCore

/// Reads answers from what a connection receives, without keeping bodies that nobody looks at.
struct AnswerReader {
    /// One whole answer.
    struct Answer {
        let status: Int
        /// Empty where nobody asked for it.
        let body: [UInt8]
        /// Whether the connection ends with it.
        let closesAfter: Bool
    }

    private enum Phase {
        case head(searched: Int)
        case sized(ResponseHead, length: Int)
        case chunked(ResponseHead, ChunkedBody)
        case untilClose(ResponseHead)
    }

    static let headBytesMax = 32 * 1024
    static let bodyBytesMax = 4 << 20

    private var phase = Phase.head(searched: 0)
    private var received = ByteBuffer()

    var isEmpty: Bool { received.readableBytes == 0 }

    mutating func receive(_ bytes: inout ByteBuffer) {
        if received.readableBytes == 0 { swap(&received, &bytes) } else { received.writeBuffer(&bytes) }
    }

    /// The next answer; nil while it is not whole.
    ///
    /// - Parameter wantsBody: asked with the status.
    mutating func next(wantsBody: (_ status: Int) -> Bool) throws(UpstreamFailure) -> Answer? {
        while true {
            switch phase {
            case .head(let searched):
                guard try readHead(searched) else { return nil }
            case .sized(let head, let length):
                guard received.readableBytes >= length else { return nil }
                var body: [UInt8] = []
                if wantsBody(head.status) {
                    body = received.readBytes(length: length) ?? []
                } else {
                    received.moveReaderIndex(forwardBy: length)
                }
                return end(head, body)
            case .chunked(let head, var chunks):
                guard try readChunks(&chunks) else {
                    phase = .chunked(head, chunks)
                    return nil
                }
                return end(head, chunks.takeBody())
            case .untilClose:
                guard received.readableBytes <= Self.bodyBytesMax else { throw .responseTooLarge }
                return nil
            }
        }
    }

    /// What stands when the connection ended: an answer whose body ends with it, or nothing.
    mutating func finish() -> Answer? {
        guard case .untilClose(let head) = phase else { return nil }
        return end(head, received.readBytes(length: received.readableBytes) ?? [])
    }

    private mutating func end(_ head: ResponseHead, _ body: [UInt8]) -> Answer {
        phase = .head(searched: 0)
        if received.readableBytes == 0 { received.clear() }
        return Answer(status: head.status, body: body, closesAfter: head.closesAfter)
    }

    private mutating func readHead(_ searched: Int) throws(UpstreamFailure) -> Bool {
        let found = received.withUnsafeReadableBytes { RequestHeadParser.end(of: $0, from: searched) }
        guard let end = found else {
            guard received.readableBytes <= Self.headBytesMax else { throw .badResponse("the head is too large") }
            phase = .head(searched: received.readableBytes)
            return false
        }
        let parsed = received.withUnsafeReadableBytes { bytes in
            Result { () throws(UpstreamFailure) in
                try ResponseHeadParser.parse(
                    UnsafeRawBufferPointer(rebasing: bytes[..<end]), bodyBytesMax: Self.bodyBytesMax)
            }
        }
        let head = try parsed.get()
        received.moveReaderIndex(forwardBy: end)
        guard head.status >= 200 else {
            guard head.status != 101 else { throw .badResponse("101 to a request that asked for no upgrade") }
            phase = .head(searched: 0)
            return true
        }
        phase =
            switch head.bodyLength {
            case .exactly(let length): .sized(head, length: length)
            case .chunked: .chunked(head, ChunkedBody(bytesMax: Self.bodyBytesMax))
            case .untilClose: .untilClose(head)
            }
        return true
    }

    private mutating func readChunks(_ chunks: inout ChunkedBody) throws(UpstreamFailure) -> Bool {
        var consumed = 0
        let result = received.withUnsafeReadableBytes { bytes in
            Result { () throws(ChunkedBody.Fault) in try chunks.read(bytes, consumed: &consumed) }
        }
        received.moveReaderIndex(forwardBy: consumed)
        switch result {
        case .success(let progress): return progress == .complete
        case .failure(.tooLarge): throw .responseTooLarge
        case .failure(.malformed): throw .badResponse("chunked body")
        }
    }
}
