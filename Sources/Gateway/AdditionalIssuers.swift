package import Identity
import Synchronization

/// Issuers that policies of the mesh name beside those of the configuration; replaced as a whole.
///
/// Their tokens count only where a rule of the policies believes them.
package final class AdditionalIssuers: Sendable {
    /// Those in force.
    package struct Active: Sendable {
        package let tokens: TokenVerifier
        package let keys: any KeyRefreshing

        package init(tokens: TokenVerifier, keys: any KeyRefreshing) {
            self.tokens = tokens
            self.keys = keys
        }
    }

    private let active = Mutex<Active?>(nil)

    /// None.
    package init() {}

    package var current: Active? { active.withLock { $0 } }

    package func replace(_ issuers: Active?) {
        active.withLock { $0 = issuers }
    }
}
