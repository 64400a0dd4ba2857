extension RedisSubscriptions {
    /// What is published on a channel as notices of changes, until the reader goes.
    func notices(on channel: String) -> AsyncStream<ShareNotice> {
        let events = messages(on: [channel])
        return AsyncStream(bufferingPolicy: .bufferingNewest(16)) { continuation in
            let task = Task {
                for await event in events {
                    switch event {
                    case .subscribed: continuation.yield(.listening)
                    case .message: continuation.yield(.changed)
                    case .lost: continuation.yield(.lost)
                    }
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
