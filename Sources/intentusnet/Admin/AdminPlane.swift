import ArgumentParser
import AsyncHTTPClient
import Foundation
import IntentProtocol
import NIOCore
import NIOHTTP1
import NIOSSL

/// The admin plane of a running gateway, as the commands that look at one or change one ask it.
struct AdminPlane: ParsableArguments {
    /// How a request asks.
    enum Method: String { case get = "GET", post = "POST", put = "PUT" }

    private static let bytesMax = 64 << 20

    @Option(help: "The admin plane of a gateway, https://host:port or http://host:port.")
    var admin = "http://127.0.0.1:9090"

    @Option(help: "A bearer token, or @FILE; INTENTUSNET_TOKEN without it.")
    var token: String?

    @Option(help: "Our certificate, a PEM file, for mutual TLS; with --key.")
    var cert: String?

    @Option(help: "The certificate's key, a PEM file.")
    var key: String?

    @Option(
        name: .customLong("ca"),
        help: "Who vouches for the admin plane, a PEM file; the system's authorities without it.")
    var authorities: [String] = []

    @Flag(help: "Print the JSON as it came, for programs.")
    var json = false

    func validate() throws {
        guard (cert == nil) == (key == nil) else { throw ValidationError("--cert and --key belong together") }
        guard admin.hasPrefix("http://") || admin.hasPrefix("https://") else {
            throw ValidationError("--admin must be a URL such as http://127.0.0.1:9090")
        }
    }

    /// Reads a page and prints it, as it came or as a table.
    func show(_ path: String, table: (JSONObject) -> TextTable) async throws {
        let answer = try await ask(.get, path)
        guard !json else { return answer.printJSON() }
        if answer.fields["isCurrent"]?.boolValue == false {
            print("Redis is away: this is what the gateway knew last.")
        }
        print(table(answer.fields).text)
    }

    /// Asks for something to be done and prints what came of it, as it came or a line for each fact.
    func act(_ method: Method = .post, _ path: String, _ body: JSONObject = [:]) async throws {
        let answer = try await ask(method, path, body)
        if json { answer.printJSON() } else { answer.printFacts() }
    }

    /// Asks, and ends the command where the gateway refuses.
    ///
    /// - Parameter accepted: a status besides 2xx with an answer to read.
    func ask(
        _ method: Method, _ path: String, _ body: JSONObject? = nil, accepted: UInt? = nil
    ) async throws -> AdminAnswer {
        var base = admin
        while base.hasSuffix("/") { base.removeLast() }
        var request = HTTPClientRequest(url: base + path)
        request.method = HTTPMethod(rawValue: method.rawValue)
        if let token = try bearer() { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: JSONValue.object(body).encoded))
        }
        let (status, bytes) = try await send(request, base)
        let fields = (try? JSONValue(parsing: bytes))?.objectValue
        guard (200...299).contains(status) || status == accepted else {
            let told = fields?["error"]?.objectValue?["message"]?.stringValue
            throw Self.refusal(
                "\(base)\(path): HTTP status \(status)\(told.map { ": \($0)" } ?? "; is this the admin plane of a gateway of this version?")",
                status: status)
        }
        guard let fields else {
            throw Self.refusal("\(base)\(path): the answer is no JSON object; is this the admin plane of a gateway?")
        }
        return AdminAnswer(status: status, bytes: bytes, fields: fields)
    }

    private func send(_ request: HTTPClientRequest, _ base: String) async throws -> (UInt, [UInt8]) {
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: try configuration())
        do {
            let response = try await client.execute(request, timeout: .seconds(15))
            let bytes = Array(buffer: try await response.body.collect(upTo: Self.bytesMax))
            try? await client.shutdown()
            return (response.status.code, bytes)
        } catch {
            try? await client.shutdown()
            throw Self.refusal("\(base) cannot be reached; name the address of `admin.http` with --admin (\(error))")
        }
    }

    private func bearer() throws -> String? {
        let text = try token.map(FileOrText.read) ?? ProcessInfo.processInfo.environment["INTENTUSNET_TOKEN"]
        return text?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func configuration() throws -> HTTPClient.Configuration {
        let tls = try TLSConfiguration.client(authorities: authorities, cert: cert, key: key)
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        return configuration
    }

    /// 2 for who may not, 1 for everything else, so that scripts can tell them apart.
    private static func refusal(_ text: String, status: UInt? = nil) -> any Error {
        FileHandle.standardError.write(Data("error: \(text)\n".utf8))
        let isForbidden = status.map { [401, 403, 421].contains($0) } ?? false
        return ExitCode(isForbidden ? 2 : 1)
    }
}
