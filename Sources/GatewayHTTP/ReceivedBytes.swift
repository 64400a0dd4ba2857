import NIOCore

extension ByteBuffer {
    /// Appends what came from the peer.
    mutating func receive(_ bytes: inout ByteBuffer) {
        guard readableBytes > 0 else {
            self = bytes
            return
        }
        // Without this, a peer that always leaves half a message behind makes the buffer grow without end.
        if readerIndex > readableBytes { discardReadBytes() }
        writeBuffer(&bytes)
    }

    /// Gives the memory back when nothing is left to read: a peer that is idle costs none.
    mutating func releaseWhenEmpty() {
        if readableBytes == 0 { self = ByteBuffer() }
    }
}
