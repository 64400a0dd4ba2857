/// A user of a Redis and its password.
package struct RedisLogin: Sendable, Equatable {
    package let user: String
    package let password: String

    package init(user: String, password: String) {
        self.user = user
        self.password = password
    }

    /// The user that every fixture server has beside those of the test, so that `cli` works however the others are set.
    package static let fixture = RedisLogin(user: "fixture", password: "fixture")
}
