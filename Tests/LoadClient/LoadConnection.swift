import NIOCore

/// One kept-alive connection on which requests are pipelined.
///
/// Safe to mark as sendable without checks: every member is touched on the connection's event loop alone.
final class LoadConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private unowned let engine: LoadEngine
    private let port: Int
    private var context: ChannelHandlerContext?
    private var incoming = ByteBuffer()
    private var outgoing = ByteBuffer()
    /// When each request without an answer was due.
    private var pending = CircularBuffer<Int64>()
    private var hasEnded = false

    init(engine: LoadEngine, port: Int) {
        self.engine = engine
        self.port = port
    }

    var inFlight: Int { pending.count }
    var isOpen: Bool { context != nil && !hasEnded }

    func send(_ request: [UInt8], dueAt: Int64) {
        pending.append(dueAt)
        outgoing.writeBytes(request)
    }

    func flush() {
        guard outgoing.readableBytes > 0, let context else { return }
        let bytes = outgoing
        outgoing = context.channel.allocator.buffer(capacity: 4_096)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func close() { context?.close(promise: nil) }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelInactive(context: ChannelHandlerContext) { end() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        incoming.writeBuffer(&bytes)
        while let answer = nextAnswer() {
            guard let dueAt = pending.popFirst() else { return close() }
            engine.answered(port, status: answer.status, isDegraded: answer.isDegraded, dueAt: dueAt)
        }
        incoming.discardReadBytes()
    }

    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        context = nil
        engine.ended(self, port: port, lost: pending.count)
        pending = CircularBuffer()
    }

    /// Takes one whole answer off what came; nil while it is not whole. The gateway always states the length of a body.
    private func nextAnswer() -> (status: Int, isDegraded: Bool)? {
        let answer = incoming.withUnsafeReadableBytes { bytes -> (status: Int, isDegraded: Bool, length: Int)? in
            guard let end = Self.endOfHead(bytes) else { return nil }
            var length = 0
            var isDegraded = false
            var line = 0
            while line < end {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[line..<end])
                if Self.begins(rest, "content-length: ") {
                    for byte in rest.dropFirst(16) {
                        guard byte >= 0x30, byte <= 0x39 else { break }
                        length = length * 10 + Int(byte - 0x30)
                    }
                } else if Self.begins(rest, "intentusnet-limits: degraded") {
                    isDegraded = true
                }
                line += (rest.firstIndex(of: 0x0A) ?? rest.count - 1) + 1
            }
            guard bytes.count >= end + length, bytes.count > 12 else { return nil }
            let status = bytes[9..<12].reduce(0) { $0 * 10 + Int($1) - 0x30 }
            return (status, isDegraded, end + length)
        }
        guard let answer else { return nil }
        incoming.moveReaderIndex(forwardBy: answer.length)
        return (answer.status, answer.isDegraded)
    }

    private static func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 3
        while index < bytes.count {
            if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A { return index + 1 }
            index += 1
        }
        return nil
    }

    private static func begins(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        guard bytes.count >= text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in
            expected.indices.allSatisfy { bytes[$0] | 0x20 == expected[$0] | 0x20 }
        }
    }
}
