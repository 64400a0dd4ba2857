import ServiceLifecycle

/// Ends the group that it is part of when its stream ends, be that before the group has begun.
struct AdminServerEnd: Service {
    let stops: AsyncStream<Void>

    func run() async throws {
        for await _ in stops {}
    }
}
