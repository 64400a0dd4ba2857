import Foundation
import RedisFixtures
import Testing

/// Pitfall S17 from outside: what floods cost the process, and those beside them.
@Suite("Floods at the listener", .serialized, .timeLimit(.minutes(4)))
struct FloodTests {
    /// What is sent, and what becomes of whoever sends it.
    struct Flood: Sendable, CustomTestStringConvertible {
        let kind: String
        /// Whether it costs its sender the connection.
        var endsConnection = true
        /// Of one connection, its handshake and the neighbour's requests included; of each mebibyte where it is not ended.
        var cpuMillisecondsMax = Scale.of(250, soak: 20)

        var testDescription: String { kind }
    }

    static let floods =
        [
            "resets", "settings", "pings", "priorities", "continuations", "bomb", "windows", "errors", "crumbs",
        ].map { Flood(kind: $0) } + [
            // Nobody may end a connection for frames that it does not know; they cost what their bytes cost.
            Flood(kind: "unknown", endsConnection: false, cpuMillisecondsMax: Scale.of(1_500, soak: 250)),
            // Whoever holds what it may is left alone until its requests are late.
            Flood(kind: "bodies", endsConnection: false, cpuMillisecondsMax: Scale.of(1_500, soak: 250)),
        ]

    private static let milliseconds = Scale.of(1_000, soak: 10_000)
    /// Beyond what allocator and caches may still take after as many connections before.
    private static let growthKibibytesMax = 24 * 1_024
    /// What is promised is promised for a release build.
    private static let p99MillisecondsMax = Scale.of(1_000, soak: 500)

    /// One peer may hold a quarter of what all may: 16 MiB here.
    private static let shared = Result {
        let folder = try PrivateFolder()
        try PythonTLS.makeCertificates(in: folder)
        let server = TestCertificates.Pair(
            certificateFile: folder.file("server.pem"), keyFile: folder.file("server.key"))
        let gateway = try TLSGateway(
            showing: server, trusting: [folder.file("ca.pem")], limits: "bufferedBytesMax: 67108864")
        return (folder, gateway)
    }

    @Test("memory and processor time stay bounded, and neighbours are answered in time", arguments: floods)
    func flood(_ flood: Flood) throws {
        let (folder, gateway) = try Self.shared.get()
        func run() throws -> PythonFlood.Result {
            try PythonFlood.run(flood.kind, port: gateway.port, folder: folder, milliseconds: Self.milliseconds)
        }
        // What the first connections bring with them is no growth: a leak would go on with those that come after.
        _ = try run()
        let (memory, cpu) = (try gateway.residentKibibytes, try gateway.cpuMilliseconds)
        let result = try run()
        let (memoryAfter, cpuAfter) = (try gateway.residentKibibytes, try gateway.cpuMilliseconds)
        // The neighbour's requests are in it: it is a bound, not a measurement.
        let units = flood.endsConnection ? result.connections : result.mebibytes
        let cost = (cpuAfter - cpu) / max(units, 1)
        print(
            "flood of \(flood.kind): \(result.connections) connections, \(result.mebibytes) MiB, \(cost) ms CPU for each; "
                + "\(result.answers) answers beside them, p99 \(result.p99Milliseconds) ms; memory \(memory) to "
                + "\(memoryAfter) KiB")
        #expect(result.wrong == 0 && result.answers > 0, "\(result)")
        #expect(memoryAfter - memory < Self.growthKibibytesMax)
        #expect(result.p99Milliseconds <= Self.p99MillisecondsMax)
        #expect(cost <= flood.cpuMillisecondsMax)
        if flood.endsConnection { #expect(result.connections > 3) }
    }
}
