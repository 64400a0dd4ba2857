import AsyncHTTPClient
import Foundation
import IntentProtocol
import NIOCore
import NIOHTTP1
import NIOSSL

/// Exchanges over HTTP: one connection for each, no redirects, a bounded answer in bounded time.
///
/// Secrets are fetched a few times an hour. A connection of its own costs little then, and whoever renews the authorities'
/// file has it used by the next fetch.
package struct HTTPTransport: ServiceTransport {
    /// Bytes of an answer; the largest secret of Vault and AWS is far below.
    static let bytesMax = 1 << 20

    /// What messages call the service.
    let service: String
    /// A PEM file with the only authorities to trust; nil for the system's.
    let authorityFile: String?
    /// From the connection to the last byte.
    let timeoutMilliseconds: Int64

    package init(service: String, authorityFile: String?, timeoutMilliseconds: Int64) {
        self.service = service
        self.authorityFile = authorityFile
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    package func send(_ request: ServiceRequest) async throws(SourceFault) -> ServiceReply {
        let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: try configuration())
        let limit = timeoutMilliseconds
        let service = service
        let result = await withTaskGroup(of: Result<ServiceReply, SourceFault>.self) { group in
            group.addTask { await Self.exchange(client, request, service) }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(limit))
                return .failure(SourceFault(.unavailable, "\(service) gave no complete answer within \(limit) ms"))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(SourceFault(.unavailable, "cancelled"))
        }
        try? await client.shutdown()
        return try result.get()
    }

    private func configuration() throws(SourceFault) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let authorityFile {
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorityFile))
            } catch {
                throw SourceFault(
                    .notConfigured,
                    "the authorities in '\(authorityFile)' cannot be read; name a PEM file of certificates")
            }
        }
        var configuration = HTTPClient.Configuration(
            // A redirect would carry the token to a host that nobody named.
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(
                connect: .milliseconds(timeoutMilliseconds), read: .milliseconds(timeoutMilliseconds)))
        configuration.httpVersion = .http1Only
        // When to try again is decided by who fetches, and a certificate that is refused is refused at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    private static func exchange(
        _ client: HTTPClient, _ request: ServiceRequest, _ service: String
    ) async -> Result<ServiceReply, SourceFault> {
        var message = HTTPClientRequest(url: request.url)
        message.method = HTTPMethod(rawValue: request.method.rawValue)
        for header in request.headers { message.headers.add(name: header.name, value: header.value) }
        message.headers.add(name: "accept-encoding", value: "identity")
        if !request.body.isEmpty { message.body = .bytes(request.body) }
        do {
            let response = try await client.execute(message, deadline: .distantFuture)
            let body = try await response.body.collect(upTo: bytesMax)
            return .success(ServiceReply(status: Int(response.status.code), body: Array(body.readableBytesView)))
        } catch is NIOTooManyBytesError {
            return .failure(SourceFault(.unusable, "\(service) answered with more than \(bytesMax) bytes"))
        } catch {
            let problem = "\(service) cannot be reached: \(reason(of: error))\(advice(for: error))"
            return .failure(SourceFault(.unavailable, problem))
        }
    }

    private static func reason(of error: any Error) -> String {
        guard let code = (error as? IOError)?.errnoCode else { return "\(error)" }
        return String(cString: strerror(code))
    }

    private static func advice(for error: any Error) -> String {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            "; its certificate is for another host"
        case is NIOSSLError, is NIOSSLExtraError: "; does caFile hold the authority of its certificate?"
        default: "; does it run, and is this its address?"
        }
    }
}
