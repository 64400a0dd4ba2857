import NIOCore
import NIOSSL
import NIOTLS

/// The beginning of a connection of a listener with certificates: finds out what it speaks, and hands over to what reads requests.
///
/// Nothing of TLS is made before the first byte has come: a peer that only connects costs no more than a socket.
///
/// Safe to mark as sendable without checks: every member is touched on the connection's event loop alone.
final class TLSAcceptor<Handler: HTTPHandler>: ChannelInboundHandler, RemovableChannelHandler, SweptConnection,
    @unchecked Sendable
{
    typealias InboundIn = ByteBuffer

    private enum Phase {
        /// Nothing has come.
        case waiting
        /// The beginning of a handshake has come, which may name the server.
        case greeting
        case handshaking(NIOSSLServerHandler, CertificateCheck?)
        /// Another handler has the connection, or it has ended.
        case over
    }

    private let shared: ServerShared<Handler>
    private let tls: ListenerTLS
    let peer: PeerNetwork?
    private var phase = Phase.waiting
    private var needsCertificate = false
    private var greeting = ClientHelloReader()
    /// nil until it is whole, and where it cannot be read.
    private var hello: ClientHello?
    private var context: ChannelHandlerContext?
    private(set) var deadlineNanoseconds: Int64 = .max

    init(_ shared: ServerShared<Handler>, _ tls: ListenerTLS, peer: PeerNetwork?) {
        self.shared = shared
        self.peer = peer
        self.tls = tls
    }

    // MARK: events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        deadlineNanoseconds = shared.now() + shared.limits.idleTimeoutMilliseconds * 1_000_000
        shared.opened(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.broken)
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(TLSGauges.Failure(error))
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .waiting: break
        case .greeting: return greet(context, unwrapInboundIn(data))
        // Whoever was told no may go on sending.
        case .handshaking, .over: return
        }
        let isHandshake = unwrapInboundIn(data).readableBytesView.first == 0x16
        // Once for the connection: a mode that changes meanwhile is for those that come later.
        let mode = tls.mode(port: UInt16(clamping: context.channel.localAddress?.port ?? 0))
        needsCertificate = mode == .mutual
        switch (mode, isHandshake) {
        case (.permissive, true), (.strict, true), (.mutual, true): beginHandshake(context, unwrapInboundIn(data))
        case (.disable, true): refuse(.notPlain)
        case (.disable, false), (.permissive, false):
            handOver(context) {
                try context.pipeline.syncOperations.addHandler(ServerConnection(shared, peer: peer))
                context.fireChannelRead(data)
            }
        case (.strict, false), (.mutual, false): refuse(.notTLS)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent,
            case .handshaking(let ssl, let check) = phase
        else { return context.fireUserInboundEventTriggered(event) }
        // Then the client would have a name that policies do not know of.
        guard let hello else { return refuse(.broken) }
        let leaf = ssl.peerCertificate
        guard leaf != nil || !needsCertificate else { return refuse(.noCertificate) }
        var (encoded, end) = ([UInt8]?.none, Int64.max)
        if let leaf {
            guard let bytes = try? leaf.toDERBytes() else { return refuse(.untrustedCertificate) }
            encoded = bytes
            // A resumed session was verified when it was new; any certificate of its chain may have ended since.
            guard let known = check.map({ $0.endSeconds(of: bytes) }) ?? Int64(leaf.notValidAfter) else {
                return refuse(.unknownSession)
            }
            guard tls.unixSeconds() < known else { return refuse(.expiredCertificate) }
            end = known
        }
        let security = ConnectionSecurity(
            peerCertificate: encoded, certificateEndSeconds: end, serverName: hello.serverName,
            headerLines: tls.headerLines)
        tls.gauges.succeeded("\(ssl.versionText) \(negotiated ?? "none")")
        if negotiated == "h2" {
            handOver(context) {
                try HTTP2Connection(shared, tls, peer: peer, security: security).install(in: context.pipeline)
            }
        } else {
            handOver(context) {
                try context.pipeline.syncOperations.addHandler(ServerConnection(shared, peer: peer, security: security))
            }
        }
    }

    // MARK: steps

    private func beginHandshake(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
        guard shared.gauges.handshakeBegan(by: peer, max: tls.handshakesPerPeerMax) else {
            return refuse(.tooManyOfPeer)
        }
        guard tls.gauges.began(max: tls.handshakesMax) else {
            shared.gauges.handshakeEnded(by: peer)
            return refuse(.tooMany)
        }
        phase = .greeting
        deadlineNanoseconds = shared.now() + tls.handshakeTimeoutMilliseconds * 1_000_000
        greet(context, bytes)
    }

    /// Takes bytes of the client's hello; the handshake begins once it is whole, or cannot be.
    private func greet(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
        var bytes = bytes
        switch greeting.read(&bytes) {
        case .needsMore: return
        case .whole(let read): hello = read
        case .unreadable: break
        }
        guard let (ssl, check) = tls.credentials.serverHandler(for: hello) else { return refuse(.notTLS) }
        phase = .handshaking(ssl, check)
        let received = NIOAny(greeting.received)
        greeting = ClientHelloReader()
        do {
            try context.pipeline.syncOperations.addHandler(ssl, position: .before(self))
            // From the start of the pipeline, where the handshake stands now; what cannot be read is refused there in TLS's words.
            context.pipeline.syncOperations.fireChannelRead(received)
        } catch {
            refuse(.broken)
        }
    }

    /// - Parameter install: adds the handlers that go on to the end of the pipeline.
    private func handOver(_ context: ChannelHandlerContext, _ install: () throws -> Void) {
        endHandshake()
        phase = .over
        shared.handedOver(self)
        self.context = nil
        do {
            try install()
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            // Nobody has taken the connection over, so its end is ours to count.
            self.context = context
            context.close(promise: nil)
        }
    }

    private func refuse(_ reason: TLSGauges.Failure) {
        fail(reason)
        context?.close(promise: nil)
    }

    /// Counts the end of a connection that never was one, once.
    private func fail(_ reason: TLSGauges.Failure) {
        defer { phase = .over }
        switch phase {
        case .waiting:
            // A peer that connects and goes away has failed at nothing.
            if reason != .broken { tls.gauges.failed(reason) }
        case .greeting:
            endHandshake()
            tls.gauges.failed(reason)
        case .handshaking(_, let check):
            endHandshake()
            guard let refused = check?.refused ?? reason.refusedCertificate else { return tls.gauges.failed(reason) }
            tls.gauges.failed(check?.refused == nil ? reason : .untrustedCertificate)
            tls.gauges.refused(refused)
            shared.notify(.certificateRefused(refused, peer: context?.channel.remoteAddress?.peerText ?? ""))
        case .over: break
        }
    }

    private func endHandshake() {
        switch phase {
        case .greeting, .handshaking:
            tls.gauges.ended()
            shared.gauges.handshakeEnded(by: peer)
        case .waiting, .over: break
        }
    }

    private func leave() {
        guard context != nil else { return }
        context = nil
        deadlineNanoseconds = .max
        shared.closed(self)
    }

    // MARK: time and the end

    func deadlinePassed() {
        switch phase {
        case .waiting: context?.close(promise: nil)
        case .greeting, .handshaking, .over: refuse(.timeout)
        }
    }

    func drain() {
        if case .waiting = phase { context?.close(promise: nil) }
    }

    func forceClose() {
        context?.close(promise: nil)
    }
}

extension NIOSSLHandler {
    fileprivate var versionText: String {
        switch tlsVersion {
        case .tlsv13: "TLSv1.3"
        case .tlsv12: "TLSv1.2"
        case .tlsv11, .tlsv1, nil: "other"
        }
    }
}
