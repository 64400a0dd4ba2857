import ArgumentParser
import AsyncHTTPClient
import Foundation
import IntentProtocol
import NIOCore
import NIOHTTP1

/// The admin plane of a running gateway, as the commands that look at one read it.
struct AdminPlane: ParsableArguments {
    private static let bytesMax = 64 << 20

    @Option(help: "The admin plane of a gateway, http://host:port.")
    var admin = "http://127.0.0.1:9090"

    @Flag(help: "Print the JSON as it came, for programs.")
    var json = false

    /// Reads a page and prints it, as it came or as a table.
    func show(_ path: String, table: (JSONObject) -> TextTable) async throws {
        let bytes = try await page(path)
        if json { return print(String(decoding: bytes, as: UTF8.self), terminator: "") }
        guard let fields = (try? JSONValue(parsing: bytes))?.objectValue else {
            throw Self.refusal("\(admin)\(path): the answer is no JSON object; is this the admin plane of a gateway?")
        }
        if fields["isCurrent"]?.boolValue == false {
            print("Redis is away: this is what the gateway knew last.")
        }
        print(table(fields).text)
    }

    private func page(_ path: String) async throws -> [UInt8] {
        var base = admin
        while base.hasSuffix("/") { base.removeLast() }
        guard base.hasPrefix("http://") || base.hasPrefix("https://") else {
            throw ValidationError("--admin must be a URL such as http://127.0.0.1:9090")
        }
        let response: HTTPClientResponse
        do {
            response = try await HTTPClient.shared.execute(HTTPClientRequest(url: base + path), timeout: .seconds(5))
        } catch {
            throw Self.refusal("\(base) cannot be reached; name the address of `admin.http` with --admin (\(error))")
        }
        guard response.status == .ok else {
            throw Self.refusal(
                "\(base)\(path): HTTP status \(response.status.code); is this the admin plane of a gateway of this version?"
            )
        }
        return Array(buffer: try await response.body.collect(upTo: Self.bytesMax))
    }

    private static func refusal(_ text: String) -> any Error {
        FileHandle.standardError.write(Data("error: \(text)\n".utf8))
        return ExitCode(1)
    }
}
