import CertificateFiles
package import GatewayHTTP
import IntentProtocol
import NIOPosix
import Synchronization

/// Connections to gateways, with the certificates that they are made with.
package final class GatewayConnections: Sendable {
    /// How often the files of certificates are looked at, at most.
    private static let lookEvery = Duration.seconds(1)

    private let client: UpstreamClient
    private let principal: String?
    private let certificates: CertificateSet?
    private let looked = Mutex(ContinuousClock.now)
    private let isShutDown = Mutex(false)

    /// Makes connections when they are needed.
    ///
    /// - Throws: when files or principal cannot be used.
    package convenience init(_ options: GatewayTLS, limits: UpstreamLimits) throws(TLSFault) {
        let tls = UpstreamTLS()
        let certificates = try Self.certificates(options, for: tls)
        self.init(tls, certificates, principal: options.gatewayPrincipal, limits)
    }

    /// Makes connections when they are needed.
    ///
    /// - Parameter isTLS: whether the system's authorities are read, which vouch for hosts; where they cannot be read, calls by
    ///   https find no gateway.
    package convenience init(isTLS: Bool, limits: UpstreamLimits) {
        let tls = UpstreamTLS()
        let certificates = isTLS ? try? Self.certificates(GatewayTLS(), for: tls) : nil
        self.init(tls, certificates, principal: nil, limits)
    }

    private init(_ tls: UpstreamTLS, _ certificates: CertificateSet?, principal: String?, _ limits: UpstreamLimits) {
        self.certificates = certificates
        self.principal = principal
        client = UpstreamClient(
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), limits: limits, tls: tls)
    }

    /// TLS for connections that somebody else keeps; the files are read once.
    package static func secured(_ options: GatewayTLS) throws(TLSFault) -> UpstreamTLS {
        let tls = UpstreamTLS()
        _ = try certificates(options, for: tls)
        return tls
    }

    private static func certificates(
        _ options: GatewayTLS, for tls: UpstreamTLS
    ) throws(TLSFault) -> CertificateSet {
        guard (options.certificateFile == nil) == (options.keyFile == nil) else {
            throw TLSFault("certificateFile and keyFile belong together: give both or none")
        }
        var identity: (certificate: String, key: String)?
        if let certificate = options.certificateFile, let key = options.keyFile { identity = (certificate, key) }
        let rule = try options.gatewayPrincipal.map { principal throws(TLSFault) in
            guard !options.trustBundleFiles.isEmpty else {
                throw TLSFault("gatewayPrincipal needs trustBundleFiles: the system's authorities know no services")
            }
            return try ServiceRule([principal], named: "gatewayPrincipal")
        }
        do throws(TLSMaterialError) {
            return try CertificateSet(use: "gateways", identity: identity, bundles: options.trustBundleFiles) {
                material throws(TLSMaterialError) in
                let contexts = try material.upstreamContexts()
                guard let rule else { return tls.replace(by: contexts) }
                let verdict = try rule.servers(material)
                tls.replace(by: contexts) { chain, _ in verdict(chain) }
            }
        } catch {
            throw TLSFault("\(error)")
        }
    }

    /// Sends a body and waits for the whole answer.
    ///
    /// - Parameter milliseconds: for connection and answer together.
    package func call(
        _ address: GatewayAddress, _ method: HTTPMethod, _ path: String, body: [UInt8], headerLines: [UInt8],
        withinMilliseconds milliseconds: Int64
    ) async throws(UpstreamFailure) -> UpstreamAnswer {
        lookAtFiles()
        return try await client.call(
            address.endpoint(path, method, principal: principal), body: body, headerLines: headerLines,
            withinMilliseconds: milliseconds)
    }

    /// Whether ``shutDown()`` was called.
    var hasEnded: Bool { isShutDown.withLock { $0 } }

    /// Closes every connection; calls under way fail.
    package func shutDown() async {
        isShutDown.withLock { $0 = true }
        await client.shutDown()
    }

    /// Where there is no task of our own that could look from time to time, whoever calls does.
    private func lookAtFiles() {
        guard let certificates else { return }
        let now = ContinuousClock.now
        let isDue = looked.withLock { last in
            guard last.duration(to: now) >= Self.lookEvery else { return false }
            last = now
            return true
        }
        if isDue { _ = certificates.refresh() }
    }
}
