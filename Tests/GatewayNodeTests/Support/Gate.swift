import Foundation

/// A door that stays shut until a test opens it; then it stays open.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func open() { semaphore.signal() }

    /// Waits for the door, half a minute at most, so that a failed test leaves no thread behind.
    func wait() {
        guard semaphore.wait(timeout: .now() + 30) == .success else { return }
        semaphore.signal()
    }
}
