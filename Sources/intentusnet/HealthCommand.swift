import ArgumentParser
import AsyncHTTPClient
import Foundation
import GatewayConfiguration
import NIOCore
import NIOHTTP1
import NIOSSL

/// `intentusnet health`: what the health check of a container runs, where no other program is.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a gateway or a worker whether it is well; exit code 1 when it is not.",
        discussion: """
            Prints the answer. With --config the address and whether it speaks TLS come from the file that the gateway itself was
            started with, variables included. On this machine no name is looked at in certificates, and without --ca none is
            verified: nothing secret is sent.
            """)

    private static let bytesMax = 1 << 20

    @Argument(help: "The page, such as http://127.0.0.1:9090/health/ready (the default) or a worker's /health.")
    var url: String?

    @Option(help: "The configuration of the gateway on this machine, in place of a URL.")
    var config: String?

    @Flag(help: "With --config: ask whether it lives, not whether it is ready.")
    var live = false

    @Option(help: "Our certificate, a PEM file, for a worker by mutual TLS; with --key.")
    var cert: String?

    @Option(help: "The certificate's key, a PEM file.")
    var key: String?

    @Option(name: .customLong("ca"), help: "Who vouches for the other side, a PEM file.")
    var authorities: [String] = []

    @Option(help: "Seconds to wait.")
    var timeout = 3

    func validate() throws {
        guard (cert == nil) == (key == nil) else { throw ValidationError("--cert and --key belong together") }
        guard url == nil || config == nil else { throw ValidationError("a URL or --config, not both") }
        guard (1...60).contains(timeout) else { throw ValidationError("--timeout must be 1 to 60") }
        guard !live || config != nil else { throw ValidationError("--live needs --config; a URL names its page") }
    }

    func run() async throws {
        let place = try place()
        guard let host = URL(string: place)?.host(), place.hasPrefix("http://") || place.hasPrefix("https://") else {
            throw ValidationError("'\(place)' is no URL such as http://127.0.0.1:9090/health/ready")
        }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: try settings(host))
        let outcome: Result<(status: UInt, text: String), any Error>
        do {
            let answer = try await client.execute(HTTPClientRequest(url: place), timeout: .seconds(Int64(timeout)))
            let body = try await answer.body.collect(upTo: Self.bytesMax)
            outcome = .success((answer.status.code, String(buffer: body)))
        } catch {
            outcome = .failure(error)
        }
        try? await client.shutdown()
        switch outcome {
        case .success(let (status, text)):
            print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
            guard status == 200 else { throw ExitCode(1) }
        case .failure(let error):
            FileHandle.standardError.write(Data("error: \(place) cannot be asked (\(error))\n".utf8))
            throw ExitCode(1)
        }
    }

    private func place() throws -> String {
        guard let config else { return url ?? "http://127.0.0.1:9090/health/ready" }
        guard let text = try? String(contentsOfFile: config, encoding: .utf8) else {
            throw ValidationError("'\(config)' cannot be read")
        }
        let reading = GatewayConfiguration.read(text, file: config, environment: ProcessInfo.processInfo.environment)
        guard let admin = reading.configuration?.admin else {
            throw ValidationError("'\(config)' is no configuration: run intentusnet check --config \(config)")
        }
        let scheme = admin.tls.certificateFile == nil ? "http" : "https"
        return "\(scheme)://\(Self.reachable(admin.http.host)):\(admin.http.port)/health/\(live ? "live" : "ready")"
    }

    /// Where something that listens at an address is reached on the same machine.
    private static func reachable(_ host: String) -> String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "[::1]"
        default: host.contains(":") ? "[\(host)]" : host
        }
    }

    private func settings(_ host: String) throws -> HTTPClient.Configuration {
        let isHere = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        var tls = try TLSConfiguration.client(authorities: authorities, cert: cert, key: key)
        if isHere { tls.certificateVerification = authorities.isEmpty ? .none : .noHostnameVerification }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(Int64(timeout))
        return configuration
    }
}
