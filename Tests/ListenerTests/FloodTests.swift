import Foundation
import RedisFixtures
import Testing

/// Pitfall S17 from outside: what floods cost the process, and those beside them.
@Suite("Floods at the listener", .serialized, .timeLimit(.minutes(3)))
struct FloodTests {
    private static let seconds = Scale.of(1, soak: 10)
    /// Beyond what allocator and caches may still take after as many connections before.
    private static let growthKibibytesMax = 24 * 1_024

    @Test(
        "memory stays bounded and neighbours are answered",
        arguments: ["resets", "settings", "pings", "continuations", "bomb", "windows"])
    func flood(kind: String) throws {
        let folder = try PrivateFolder()
        try PythonTLS.makeCertificates(in: folder)
        let server = TestCertificates.Pair(
            certificateFile: folder.file("server.pem"), keyFile: folder.file("server.key"))
        let gateway = try TLSGateway(showing: server, trusting: [folder.file("ca.pem")])
        defer { gateway.stop() }
        // What the first connections bring with them is no growth: a leak would go on with those that come after.
        _ = try PythonFlood.run(kind, port: gateway.port, folder: folder, seconds: Self.seconds)
        let before = try gateway.residentKibibytes
        let result = try PythonFlood.run(kind, port: gateway.port, folder: folder, seconds: Self.seconds)
        let after = try gateway.residentKibibytes
        print(
            "flood of \(kind): \(result.connections) connections, \(result.answers) answers beside them, slowest "
                + "\(result.slowestMilliseconds) ms, memory \(before) to \(after) KiB")
        #expect(result.wrong == 0 && result.answers > 0, "\(result)")
        #expect(after - before < Self.growthKibibytesMax)
        #expect(result.slowestMilliseconds < 5_000)
        // A flood costs its sender the connection.
        #expect(result.connections > 3)
    }
}
