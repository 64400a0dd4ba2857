import Hummingbird
import NIOCore

/// A server of key sets on this machine that behaves well on one path and badly on the others.
enum KeyServer {
    /// Runs a server on a free port while the body runs.
    static func running<Result: Sendable>(_ body: @Sendable @escaping (Int) async throws -> Result) async throws
        -> Result
    {
        let (ports, given) = AsyncStream.makeStream(of: Int.self)
        let app = Application(
            router: routes(), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in given.yield(channel.localAddress?.port ?? 0) })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.run() }
            defer { group.cancelAll() }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else { throw CancellationError() }
            return try await body(port)
        }
    }

    private static func routes() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("good") { _, _ in answer(SampleKeySet.bytes, [.cacheControl: "public, max-age=120", .age: "20"]) }
        router.get("plain") { _, _ in answer(SampleKeySet.bytes) }
        router.get("broken") { _, _ in Response(status: .internalServerError) }
        router.get("empty") { _, _ in Response(status: .noContent) }
        router.get("redirect") { _, _ in Response(status: .found, headers: [.location: "/good"]) }
        router.get("compressed") { _, _ in answer(SampleKeySet.bytes, [.contentEncoding: "gzip"]) }
        router.get("large") { _, _ in answer([UInt8](repeating: 0x20, count: (512 << 10) + 1)) }
        router.get("endless") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    let piece = ByteBuffer(repeating: 0x20, count: 16 << 10)
                    while true { try await writer.write(piece) }
                })
        }
        router.get("stalled") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "{"))
                    // Nothing more comes until the other side goes away or the test ends.
                    let (nothing, _) = AsyncStream.makeStream(of: Void.self)
                    for await _ in nothing {}
                    try await writer.finish(nil)
                })
        }
        return router
    }

    private static func answer(_ bytes: [UInt8], _ headers: HTTPFields = [:]) -> Response {
        Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
