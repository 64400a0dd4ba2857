import AsyncHTTPClient
package import Identity
package import NIOCore
import NIOHTTP1
import NIOSSL

/// Fetches a key set over HTTP: from one address of the configuration, to nowhere else, in bounded time and size.
package struct URLKeySetSource: KeySetSource {
    /// What else can be chosen.
    package struct Options: Sendable {
        /// A PEM file with the only authorities to trust, for an issuer behind a private one; nil for the system's.
        package var authorityFile: String?
        /// What TLS is spoken with, where files of ours say so; goes before ``authorityFile``.
        package var tls: KeySetTLS?
        /// The longest a fetch may take, from the question for its name to the last byte.
        package var timeoutMilliseconds: Int64 = 5_000

        /// The defaults: the system's authorities, 5 s.
        package init() {}
    }

    private let url: KeySetURL
    private let options: Options
    private let eventLoopGroup: any EventLoopGroup
    private let resolve: Resolve

    /// Asks where a name leads, for that many milliseconds at most.
    typealias Resolve = @Sendable (_ host: String, _ withinMilliseconds: Int) async -> [NetworkAddress]

    /// Makes a source of that address.
    package init(_ url: KeySetURL, options: Options = Options(), eventLoopGroup: (any EventLoopGroup)? = nil) {
        self.init(url, options: options, eventLoopGroup: eventLoopGroup) {
            await NameResolver.addresses(of: $0, withinMilliseconds: $1)
        }
    }

    init(
        _ url: KeySetURL, options: Options = Options(), eventLoopGroup: (any EventLoopGroup)? = nil,
        resolve: @escaping Resolve
    ) {
        self.url = url
        self.options = options
        self.eventLoopGroup = eventLoopGroup ?? HTTPClient.defaultEventLoopGroup
        self.resolve = resolve
    }

    /// Fetches the set once; anything but a 200 with an uncompressed body of at most 512 KiB is a failure.
    package func fetch(_ reason: KeySetFetchReason) async throws(KeySetError) -> FetchedKeySet {
        let limit = options.timeoutMilliseconds
        let result = await withTaskGroup(of: Result<FetchedKeySet, KeySetError>.self) { group in
            // The name's time is the fetch's: nodes that share a key set hold a lock for as long as a fetch may take.
            group.addTask { await self.fetchInTime() }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(limit))
                return .failure(.unreachable("no complete answer within \(limit) ms"))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(.unreachable("cancelled"))
        }
        return try result.get()
    }

    private func fetchInTime() async -> Result<FetchedKeySet, KeySetError> {
        do throws(KeySetError) {
            let addresses = try await checkedAddresses()
            return await fetch(fromOneOf: addresses, try tlsConfiguration())
        } catch {
            return .failure(error)
        }
    }

    /// Looks where the name leads now, and refuses when any of it is a place that nothing should be fetched from (S9).
    ///
    /// The connection then goes to the address that was checked, so a second answer of the resolver changes nothing.
    private func checkedAddresses() async throws(KeySetError) -> [NetworkAddress] {
        let addresses =
            if let literal = NetworkAddress(url.host) {
                [literal]
            } else {
                await resolve(url.host, Int(options.timeoutMilliseconds))
            }
        guard !addresses.isEmpty else { throw .unreachable("the name '\(url.host)' has no address") }
        guard addresses.allSatisfy({ !$0.isForbidden }) else {
            throw .unreachable("the name '\(url.host)' leads to a link-local or metadata address")
        }
        guard addresses.allSatisfy({ $0.isLoopback == url.namesLoopback }) else {
            throw .unreachable("the name '\(url.host)' leads to this machine, or 'localhost' away from it")
        }
        return addresses
    }

    private func tlsConfiguration() throws(KeySetError) -> TLSConfiguration {
        if let tls = options.tls { return tls.configuration }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        guard let file = options.authorityFile else { return tls }
        do {
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
        } catch {
            throw .unreachable("the authorities in '\(file)' cannot be read")
        }
        return tls
    }

    private func configuration(
        _ address: NetworkAddress, _ tls: TLSConfiguration, connectMilliseconds: Int64
    ) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls,
            // A redirect could lead to a host that the configuration never named (S9).
            redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(
                connect: .milliseconds(connectMilliseconds), read: .milliseconds(options.timeoutMilliseconds)))
        configuration.httpVersion = .http1Only
        // When to try again is decided by who fetches, and a certificate that is refused is refused at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        if NetworkAddress(url.host) == nil { configuration.dnsOverride = [url.host: address.text] }
        return configuration
    }
}

extension URLKeySetSource {
    /// What came of asking one address.
    private enum Attempt: Sendable {
        case answered(Result<FetchedKeySet, KeySetError>)
        /// There was no response at all; another address of the name may give one.
        case notAnswered(KeySetError)
    }

    private func fetch(
        fromOneOf addresses: [NetworkAddress], _ tls: TLSConfiguration
    ) async -> Result<FetchedKeySet, KeySetError> {
        let tried = addresses.prefix(4)
        var failure = KeySetError.unreachable("there is no address")
        for address in tried {
            let client = HTTPClient(
                eventLoopGroup: eventLoopGroup,
                configuration: configuration(
                    address, tls, connectMilliseconds: max(options.timeoutMilliseconds / Int64(tried.count), 1)))
            let attempt = await ask(client)
            try? await client.shutdown()
            switch attempt {
            case .answered(let result): return result
            case .notAnswered(let problem): failure = problem
            }
            guard !Task.isCancelled else { break }
        }
        return .failure(failure)
    }

    private func ask(_ client: HTTPClient) async -> Attempt {
        var request = HTTPClientRequest(url: url.text)
        request.headers.add(name: "accept", value: "application/jwk-set+json, application/json")
        request.headers.add(name: "accept-encoding", value: "identity")
        do {
            let response = try await client.execute(request, timeout: .milliseconds(options.timeoutMilliseconds))
            return .answered(await keySet(in: response))
        } catch {
            return .notAnswered(.unreachable("\(error)"))
        }
    }

    private func keySet(in response: HTTPClientResponse) async -> Result<FetchedKeySet, KeySetError> {
        guard response.status.code == 200 else {
            return .failure(.unreachable("the server answered \(response.status.code)"))
        }
        if let encoding = response.headers.first(name: "content-encoding"), encoding.lowercased() != "identity" {
            return .failure(.unreachable("the server compressed its answer although it was asked not to"))
        }
        do {
            let body = try await response.body.collect(upTo: KeySet.bytesMax)
            let fresh = CacheControl.freshForSeconds(
                cacheControl: response.headers["cache-control"], age: response.headers.first(name: "age"))
            return .success(FetchedKeySet(bytes: Array(body.readableBytesView), freshForSeconds: fresh))
        } catch is NIOTooManyBytesError {
            return .failure(.tooLarge("it has more than \(KeySet.bytesMax) bytes"))
        } catch {
            return .failure(.unreachable("\(error)"))
        }
    }
}
