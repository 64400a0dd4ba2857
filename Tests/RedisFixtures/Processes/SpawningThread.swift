import Dispatch
import Foundation
import Synchronization

/// The one thread that starts processes, as long as the tests run.
///
/// Linux sends the parent-death signal when the thread that started a process ends, not when its process does: a server
/// started from a pool thread would die when the pool shrinks.
final class SpawningThread: Sendable {
    static let shared = SpawningThread()

    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let waiting = DispatchSemaphore(value: 0)

    private init() {
        Thread.detachNewThread { [self] in
            while true {
                waiting.wait()
                let job = jobs.withLock { $0.removeFirst() }
                job()
            }
        }
    }

    /// Does the work there and waits for it.
    func run<R: Sendable>(_ work: @escaping @Sendable () -> R) -> R {
        let result = Result<R>()
        let done = DispatchSemaphore(value: 0)
        jobs.withLock { jobs in
            jobs.append {
                let value = work()
                result.value.withLock { $0 = value }
                done.signal()
            }
        }
        waiting.signal()
        while true {
            done.wait()
            if let value = result.value.withLock({ $0 }) { return value }
        }
    }

    private final class Result<R: Sendable>: Sendable {
        let value = Mutex<R?>(nil)
    }
}
