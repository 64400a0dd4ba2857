package import Authorization
import Synchronization

/// The mesh's policies in force; replaced as a whole, read by every request.
package final class AuthorizationHolder: Sendable {
    private let active: Mutex<CompiledAuthorization?>

    /// - Parameter active: nil where the configuration names no policies, for the whole life of the node.
    package init(_ active: CompiledAuthorization?) {
        self.active = Mutex(active)
    }

    package var current: CompiledAuthorization? { active.withLock { $0 } }

    /// Puts other policies in force; requests under way keep those they were asked.
    package func replace(_ policies: CompiledAuthorization) {
        active.withLock { $0 = policies }
    }
}
