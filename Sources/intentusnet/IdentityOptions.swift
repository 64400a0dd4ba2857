import ArgumentParser
import IntentusClient

/// Who a command is to a gateway, and who the gateway must be to it.
struct IdentityOptions: ParsableArguments {
    @Option(help: "Our certificate, a PEM file, for mutual TLS; with --key.")
    var cert: String?

    @Option(help: "The certificate's key, a PEM file.")
    var key: String?

    @Option(
        name: .customLong("ca"),
        help: "Who vouches for the other side, a PEM file; the system's authorities without it.")
    var authorities: [String] = []

    @Option(
        help:
            "The service that a gateway must be, cluster.local/ns/default/sa/gateway; its host's name counts without it."
    )
    var gatewayPrincipal: String?

    func validate() throws {
        guard (cert == nil) == (key == nil) else { throw ValidationError("--cert and --key belong together") }
        guard gatewayPrincipal == nil || !authorities.isEmpty else {
            throw ValidationError("--gateway-principal needs --ca: the system's authorities know no services")
        }
    }

    /// How gateways are called by https.
    var gatewayTLS: GatewayTLS {
        var tls = GatewayTLS()
        tls.certificateFile = cert
        tls.keyFile = key
        tls.trustBundleFiles = authorities
        tls.gatewayPrincipal = gatewayPrincipal
        return tls
    }

    /// Whether anything was said at all.
    var isGiven: Bool { gatewayTLS != GatewayTLS() }
}
