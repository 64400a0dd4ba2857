import NIOCore

/// A connection to a worker: carries one call at a time and is kept for the next.
///
/// Safe to mark as sendable without checks: touched on the pool's event loop alone.
final class UpstreamConnection: ChannelInboundHandler, FlushedAtTurnEnd, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case idle
        case head(searched: Int)
        case sized(ResponseHead, length: Int)
        case chunked(ResponseHead, ChunkedBody)
        case untilClose(ResponseHead)
        case closed
    }

    let address: UpstreamAddress
    private let limits: UpstreamLimits
    private var phase = Phase.idle
    private var buffer = ByteBuffer()
    private var context: ChannelHandlerContext?
    private(set) var call: UpstreamCall?
    /// When it carries no further call, however often it is used, on the clock of `NIODeadline`.
    let usableUntilNanoseconds: Int64
    /// When an idle connection has waited long enough.
    var idleUntilNanoseconds: Int64 = .max
    /// Its place among those of the pool that carry a call.
    var busyIndex: Int?
    /// Whether the end came from this side or by an error: then what came is not the whole of a body that ends with its connection.
    private var isCut = false
    /// Whether what was sent is on its way, but for a rest.
    private var isWritable = true

    init(address: UpstreamAddress, limits: UpstreamLimits, usableUntilNanoseconds: Int64 = .max) {
        self.usableUntilNanoseconds = usableUntilNanoseconds
        self.address = address
        self.limits = limits
    }

    var isIdle: Bool {
        if case .idle = phase { return call == nil }
        return false
    }

    var isReadingUntilClose: Bool {
        if case .untilClose = phase { return true }
        return false
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelInactive(context: ChannelHandlerContext) {
        connectionEnded()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connectionEnded()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        context.fireChannelWritabilityChanged()
    }

    /// Sends a request; the connection is idle.
    func send(_ call: UpstreamCall, _ request: ByteBuffer) {
        guard let context, case .idle = phase else {
            call.finish(.failure(.connectionLost))
            return
        }
        self.call = call
        call.connection = self
        phase = .head(searched: 0)
        if request.readableBytes < TurnEndFlusher.bytesMax {
            context.write(wrapOutboundOut(request), promise: nil)
            address.pool.flusher.flushSoon(self)
        } else {
            context.writeAndFlush(wrapOutboundOut(request), promise: nil)
        }
    }

    func flushWrites() {
        context?.flush()
    }

    /// Nobody waits for the answer any more: the connection cannot be used again.
    func abandon() {
        call = nil
        close()
    }

    func close() {
        isCut = true
        context?.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        buffer.receive(&bytes)
        do throws(UpstreamFailure) {
            while try step() {}
        } catch {
            let call = call
            self.call = nil
            call?.finish(.failure(error))
            close()
        }
    }

    private func step() throws(UpstreamFailure) -> Bool {
        switch phase {
        case .idle:
            // Bytes that no request asked for: whose answer would they become?
            guard buffer.readableBytes == 0 else {
                close()
                return false
            }
            return false
        case .head(let searched): return try readHead(searched)
        case .sized(let head, let length):
            guard buffer.readableBytes >= length else { return false }
            complete(head, buffer.readBytes(length: length) ?? [])
            return false
        case .chunked(let head, var chunks):
            phase = .closed
            var consumed = 0
            let done = try readChunks(&chunks, &consumed)
            buffer.moveReaderIndex(forwardBy: consumed)
            if done {
                complete(head, chunks.takeBody())
            } else {
                phase = .chunked(head, chunks)
            }
            return false
        case .untilClose:
            guard buffer.readableBytes <= limits.bodyBytesMax else { throw .responseTooLarge }
            return false
        case .closed: return false
        }
    }

    private func readHead(_ searched: Int) throws(UpstreamFailure) -> Bool {
        let found = buffer.withUnsafeReadableBytes { RequestHeadParser.end(of: $0, from: searched) }
        guard let end = found, end <= limits.headerBytesMax else {
            guard found == nil, buffer.readableBytes <= limits.headerBytesMax else {
                throw .badResponse("the head is larger than \(limits.headerBytesMax) bytes")
            }
            phase = .head(searched: buffer.readableBytes)
            return false
        }
        let bodyBytesMax = limits.bodyBytesMax
        let parsed: Result<ResponseHead, UpstreamFailure> = buffer.withUnsafeReadableBytes { bytes in
            do throws(UpstreamFailure) {
                return .success(
                    try ResponseHeadParser.parse(
                        UnsafeRawBufferPointer(rebasing: bytes[..<end]), bodyBytesMax: bodyBytesMax))
            } catch {
                return .failure(error)
            }
        }
        let head = try parsed.get()
        buffer.moveReaderIndex(forwardBy: end)
        guard head.status >= 200 else {
            guard head.status != 101 else { throw .badResponse("101 to a request that asked for no upgrade") }
            phase = .head(searched: 0)
            return true
        }
        switch head.bodyLength {
        case .exactly(let length):
            phase = .sized(head, length: length)
            if buffer.readableBytes < length {
                buffer.reserveCapacity(minimumWritableBytes: length - buffer.readableBytes)
            }
        case .chunked: phase = .chunked(head, ChunkedBody(bytesMax: limits.bodyBytesMax))
        case .untilClose: phase = .untilClose(head)
        }
        return true
    }

    private func readChunks(_ chunks: inout ChunkedBody, _ consumed: inout Int) throws(UpstreamFailure) -> Bool {
        let result: Result<ChunkedBody.Progress, ChunkedBody.Fault> = buffer.withUnsafeReadableBytes { bytes in
            do throws(ChunkedBody.Fault) {
                return .success(try chunks.read(bytes, consumed: &consumed))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let progress): return progress == .complete
        case .failure(.tooLarge): throw .responseTooLarge
        case .failure(.malformed): throw .badResponse("chunked body")
        }
    }

    private func complete(_ head: ResponseHead, _ body: [UInt8]) {
        let call = call
        self.call = nil
        // A worker that answered before it had read the request may never read the rest, nor what would come behind it.
        let isReusable = !head.closesAfter && buffer.readableBytes == 0 && isWritable
        if isReusable {
            phase = .idle
            buffer.releaseWhenEmpty()
            address.pool.release(self)
        } else {
            phase = .closed
            close()
        }
        call?.finish(.success(UpstreamAnswer(status: head.status, retryAfter: head.retryAfter, body: body)))
    }

    private func connectionEnded() {
        guard context != nil else { return }
        context = nil
        let ended = phase
        phase = .closed
        address.pool.removed(self)
        guard let call else { return }
        self.call = nil
        if case .untilClose(let head) = ended, !isCut {
            call.finish(
                .success(
                    UpstreamAnswer(
                        status: head.status, retryAfter: head.retryAfter,
                        body: buffer.readBytes(length: buffer.readableBytes) ?? [])))
        } else {
            call.finish(.failure(.connectionLost))
        }
    }
}
