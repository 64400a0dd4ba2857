import NIOCore

extension ServerConnection {
    /// Sends an answer whose end is not known, and closes behind it.
    func stream(_ answer: HTTPAnswer, _ next: @Sendable () async -> [UInt8]?) async {
        shared.eventLoop.assertInEventLoop()
        defer { shared.ended() }
        guard case .handling = phase, let context else { return }
        phase = .streaming
        buffer = ByteBuffer()
        // What still comes has to be read, or the end would be a reset.
        resumeReading()
        held.shrink(to: 0, in: shared.gauges.buffered, for: peer)
        var out = context.channel.allocator.buffer(capacity: answer.body.count + answer.headerLines.count + 160)
        ResponseHeadWriter.writeStream(answer, security: security, into: &out)
        var isTaken = await send(out)
        while isTaken, !shared.isDraining, let piece = await next() {
            out.clear()
            out.writeChunk(piece)
            isTaken = await send(out)
        }
        end()
    }

    /// Waits until a piece has left; false when the connection has ended.
    private func send(_ out: ByteBuffer) async -> Bool {
        guard case .streaming = phase, let sent = write(out), (try? await sent.get()) != nil, case .streaming = phase
        else { return false }
        deadlineNanoseconds = .max
        return true
    }

    private func write(_ out: ByteBuffer) -> EventLoopFuture<Void>? {
        deadlineNanoseconds = shared.now() + shared.limits.writeTimeoutMilliseconds * 1_000_000
        return context?.writeAndFlush(wrapOutboundOut(out))
    }

    private func end() {
        guard case .streaming = phase, let context else { return }
        task = nil
        phase = .closing
        deadlineNanoseconds = shared.now() + shared.limits.writeTimeoutMilliseconds * 1_000_000
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: "0\r\n\r\n"))).whenComplete { [self] _ in
            lingerThenClose()
        }
    }
}
