import Glibc

/// One direction of a proxied connection: what was read, and when it may be written.
struct ProxyPipe {
    /// What a pipe takes in before it lets the sender wait.
    private static let limitBytes = 1 << 20

    private var chunks: [(due: ContinuousClock.Instant, bytes: [UInt8])] = []
    private var heldBytes = 0
    private(set) var hasEnded = false
    private var hasToldEnd = false

    var mayRead: Bool { !hasEnded && heldBytes < Self.limitBytes }
    var isDone: Bool { hasEnded && hasToldEnd }
    /// When the first bytes, or the end, may be written.
    var due: ContinuousClock.Instant? {
        if let first = chunks.first { return first.due }
        return hasEnded && !hasToldEnd ? .now : nil
    }

    /// Takes what the sender has.
    /// - Returns: how many bytes.
    mutating func read(from descriptor: Int32, delayMilliseconds: Int) -> Int {
        switch LocalSocket.receive(from: descriptor) {
        case .bytes(let bytes):
            chunks.append((.now + .milliseconds(delayMilliseconds), bytes))
            heldBytes += bytes.count
            return bytes.count
        case .end: hasEnded = true
        case .nothing: break
        }
        return 0
    }

    /// Writes what is due.
    /// - Returns: false when the receiver is gone.
    mutating func write(to descriptor: Int32) -> Bool {
        while let first = chunks.first, first.due <= .now {
            let count = first.bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else { return errno == EAGAIN || errno == EINTR }
            heldBytes -= count
            if count == first.bytes.count {
                chunks.removeFirst()
            } else {
                chunks[0].bytes.removeFirst(count)
            }
        }
        if hasEnded, !hasToldEnd, chunks.isEmpty {
            shutdown(descriptor, Int32(SHUT_WR))
            hasToldEnd = true
        }
        return true
    }
}
