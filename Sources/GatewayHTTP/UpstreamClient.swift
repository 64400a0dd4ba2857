package import NIOCore

/// Calls of tasks that live elsewhere, over the connections of one event loop.
package final class UpstreamClient: Sendable {
    private let eventLoop: any EventLoop
    private let executor: EventLoopTaskExecutor
    private let pool: UpstreamPool

    /// - Parameter tls: for servers that show who they are.
    package init(eventLoop: any EventLoop, limits: UpstreamLimits, tls: UpstreamTLS) {
        self.eventLoop = eventLoop
        executor = EventLoopTaskExecutor(eventLoop)
        pool = UpstreamPool(eventLoop: eventLoop, limits: limits, tls: tls)
    }

    /// Sends a body and waits for the whole answer; ends with the task that asks.
    ///
    /// - Parameters:
    ///   - headerLines: complete header lines beside those of HTTP itself.
    ///   - milliseconds: for connection and answer together.
    package func call(
        _ endpoint: UpstreamEndpoint, body: [UInt8], headerLines: [UInt8], withinMilliseconds milliseconds: Int64
    ) async throws(UpstreamFailure) -> UpstreamAnswer {
        let deadline = Int64(clamping: NIODeadline.now().uptimeNanoseconds) + milliseconds * 1_000_000
        let pool = pool
        let call = Task(executorPreference: executor) {
            do throws(UpstreamFailure) {
                let answer = try await pool.call(
                    endpoint, body: body, headerLines: headerLines, deadlineNanoseconds: deadline)
                return Result<UpstreamAnswer, UpstreamFailure>.success(answer)
            } catch {
                return .failure(error)
            }
        }
        return try await withTaskCancellationHandler {
            await call.value
        } onCancel: {
            call.cancel()
        }.get()
    }

    /// Closes every connection; calls under way fail.
    package func shutDown() async {
        let pool = pool
        try? await eventLoop.submit { pool.shutDown() }.get()
    }
}
