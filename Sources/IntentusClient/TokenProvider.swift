/// Where a client takes its bearer token from; it never shows the token when it is printed.
public struct TokenProvider: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let provide: @Sendable () async throws -> String

    /// Asks the closure before each request; the closure keeps the token fresh.
    public init(_ provide: @escaping @Sendable () async throws -> String) {
        self.provide = provide
    }

    /// One token for as long as the client lives.
    public static func fixed(_ token: String) -> TokenProvider {
        TokenProvider { token }
    }

    /// The token for the next request.
    public func token() async throws -> String {
        try await provide()
    }

    /// Always the same words.
    public var description: String { "TokenProvider(<redacted>)" }
    /// Always the same words.
    public var debugDescription: String { description }
    /// Shows nothing of the inside.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
