import Foundation
import Testing

/// Traces of the Python package's limiter, `Tests/Vectors/intentusnet/rate_limiter.json`.
struct RateLimiterVectors: Decodable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let id: String
        let steps: [Step]
        var testDescription: String { id }
    }

    struct Step: Decodable, Sendable {
        let t: Double
        let key: String
        let rate: Int
        let allowed: Bool
        let tokensAfter: Double?

        /// The whole seconds apart from the fraction, so that the Double's own error stays below one nanosecond's
        /// rounding.
        var nanoseconds: Int64 {
            let whole = t.rounded(.down)
            return Int64(whole) * 1_000_000_000 + Int64(((t - whole) * 1e9).rounded())
        }
    }

    let cases: [Case]

    static func load() throws -> [Case] {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "../Vectors/intentusnet/rate_limiter.json").standardized
        return try JSONDecoder().decode(RateLimiterVectors.self, from: Data(contentsOf: file)).cases
    }
}
