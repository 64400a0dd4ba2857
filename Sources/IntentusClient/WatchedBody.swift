import NIOCore
import Synchronization

/// A request's body that knows whether the HTTP client began to take it.
///
/// It is taken when a connection stands and the head is on its way: until then no worker can have seen the request.
struct WatchedBody: AsyncSequence, Sendable {
    fileprivate final class Mark: Sendable {
        let isSet = Atomic(false)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let mark: Mark
        fileprivate var buffer: ByteBuffer?

        mutating func next() async -> ByteBuffer? {
            mark.isSet.store(true, ordering: .releasing)
            defer { buffer = nil }
            return buffer
        }
    }

    private let buffer: ByteBuffer
    private let mark = Mark()

    init(_ bytes: [UInt8]) {
        buffer = ByteBuffer(bytes: bytes)
    }

    var byteCount: Int64 { Int64(buffer.readableBytes) }
    var wasTaken: Bool { mark.isSet.load(ordering: .acquiring) }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(mark: mark, buffer: buffer)
    }
}
