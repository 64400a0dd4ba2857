import Foundation
package import Identity

/// Finds out where an issuer's keys are by its OpenID configuration, and fetches them there.
package struct DiscoveredKeySetSource: KeySetSource {
    /// What counts of an OpenID configuration.
    private struct Configuration: Decodable {
        var issuer: String
        var jwksAddress: String

        enum CodingKeys: String, CodingKey {
            case issuer
            case jwksAddress = "jwks_uri"
        }
    }

    private let issuer: String
    private let address: KeySetURL
    private let options: URLKeySetSource.Options

    /// Makes a source for the issuer of that name, which must be an address.
    package init(issuer: String, options: URLKeySetSource.Options = .init()) throws(KeySetURL.Fault) {
        self.issuer = issuer
        self.options = options
        address = try Self.address(of: issuer)
    }

    /// Where the OpenID configuration of an issuer stands.
    package static func address(of issuer: String) throws(KeySetURL.Fault) -> KeySetURL {
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        return try KeySetURL(base + "/.well-known/openid-configuration")
    }

    /// Reads the configuration anew each time: an issuer may move its keys. Both together take no longer than one may.
    package func fetch(_ reason: KeySetFetchReason) async throws(KeySetError) -> FetchedKeySet {
        let began = ContinuousClock.now
        let found = try await URLKeySetSource(address, options: options).fetch(reason)
        guard let configuration = try? JSONDecoder().decode(Configuration.self, from: Data(found.bytes)) else {
            throw .unreachable("'\(address.text)' is no OpenID configuration with issuer and jwks_uri")
        }
        // Of another issuer it could be a page that anybody may put on that host.
        guard configuration.issuer == issuer else {
            throw .unreachable("'\(address.text)' is the configuration of another issuer")
        }
        let keys: KeySetURL
        do throws(KeySetURL.Fault) {
            keys = try KeySetURL(configuration.jwksAddress)
        } catch {
            throw .unreachable("the jwks_uri of '\(address.text)' is not accepted: \(error.problem)")
        }
        let (seconds, attoseconds) = (ContinuousClock.now - began).components
        var rest = options
        rest.timeoutMilliseconds = max(
            options.timeoutMilliseconds - seconds * 1_000 - attoseconds / 1_000_000_000_000_000, 1)
        return try await URLKeySetSource(keys, options: rest).fetch(reason)
    }
}
