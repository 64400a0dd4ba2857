import Foundation
import RedisFixtures

/// An open loop that has nothing of ours: asyncio, a connection for each request that finds none free, and a sorted list.
enum PythonOpenLoop {
    private static let program = #"""
        import asyncio, json, math, sys, time

        port, rate, seconds = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
        request = b"POST / HTTP/1.1\r\nhost: reference\r\ncontent-length: 2\r\n\r\n{}"
        idle, taken = [], []

        async def call(due):
            reader, writer = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            taken.append((time.monotonic() - due) * 1000)
            idle.append((reader, writer))

        async def main():
            begin, calls = time.monotonic() + 0.1, []
            for number in range(int(rate * seconds)):
                due = begin + number / rate
                await asyncio.sleep(max(due - time.monotonic(), 0))
                calls.append(asyncio.create_task(call(due)))
            await asyncio.gather(*calls)
            taken.sort()
            at = lambda percentile: taken[max(math.ceil(percentile / 100 * len(taken)), 1) - 1]
            print(json.dumps([at(float(percentile)) for percentile in sys.argv[4:]]))

        asyncio.run(main())
        """#

    /// Percentiles of what its requests took from when they were due, in milliseconds.
    static func run(_ url: String, _ stall: Stall, _ percentiles: [Double]) async throws -> [Double] {
        let folder = try PrivateFolder()
        let port = url.split(separator: ":").last ?? ""
        let python = ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? "python3"
        let process = try SpawnedProcess(
            [python, "-c", program, "\(port)", "\(stall.rate)", "\(stall.seconds)"] + percentiles.map { "\($0)" },
            log: folder.file("output"))
        let code = try await LoadProcess.end(of: process)
        let output = folder.tail(of: "output", characters: 4_000)
        guard code == 0 else { throw FixtureError("the reference ended with \(code): \(output)") }
        return try JSONDecoder().decode([Double].self, from: Data(output.utf8))
    }
}
