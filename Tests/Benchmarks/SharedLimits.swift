import Dispatch
import Foundation
import NIOCore
import NIOPosix
import RateLimiting
import RedisState
import Synchronization

/// `Benchmarks redis`: strict admission through one Redis from one event loop, against `redis-benchmark -P 16` with the same script;
/// then leased admission from one event loop with the same Redis behind it.
enum SharedLimits {
    private static let rounds = 5
    private static let secondsPerRound = 2.0
    private static let requestsInFlight = 512
    private static let ratioMin = 0.85
    private static let leasedPerSecondMin = 2_000_000.0

    static func run() async throws -> Bool {
        let server = try launchRedis()
        defer { server.end() }
        let port = server.port
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var settings = RedisSettings(topology: .standalone(RedisAddress(host: "127.0.0.1", port: port)))
        settings.scripts = RedisBucketAuthority.scripts
        let client = RedisClient(eventLoop: group.next(), settings: settings, counters: RedisCounters())
        guard await client.start(waitingMilliseconds: 5_000) else { fatalError("Redis does not answer") }
        let authority = RedisBucketAuthority(client: client, keyPrefix: "bench:", budgetMilliseconds: 1_000)
        let executor = LoopExecutor(loop: group.next())
        var ratios: [Double] = []
        print("strict admission, \(requestsInFlight) in flight     decisions/s   redis-benchmark -P 16   ratio")
        for _ in 0..<rounds {
            let ours = try await decisionsPerSecond(authority, executor)
            let theirs = try benchmark(port)
            ratios.append(ours / theirs)
            print(String(format: "%44.0f %23.0f %7.2f", ours, theirs, ours / theirs))
        }
        let median = ratios.sorted()[rounds / 2]
        print(String(format: "median %.2f, wanted at least %.2f", median, ratioMin))
        var leased: [Double] = []
        print("leased admission, 8 buckets                 decisions/s   admitted   refused   asked of Redis")
        for _ in 0..<rounds { leased.append(await leasedPerSecond(authority, executor)) }
        let leasedMedian = leased.sorted()[rounds / 2]
        print(String(format: "median %.0f, wanted at least %.0f", leasedMedian, leasedPerSecondMin))
        await client.close()
        try await group.shutdownGracefully()
        return median >= ratioMin && leasedMedian >= leasedPerSecondMin
    }

    /// Decisions of one thread while it also sends the asks and reads the answers; each one is a request's whole admission.
    private static func leasedPerSecond(_ authority: RedisBucketAuthority, _ executor: LoopExecutor) async -> Double {
        let clock = ContinuousClock()
        let now: @Sendable () -> Int64 = { Int64(DispatchTime.now().uptimeNanoseconds) }
        let hasher = BucketKeyHasher(secret: (.random(in: .min ... .max), .random(in: .min ... .max)))
        let surroundings = LeaseBook.Surroundings(
            nowNanoseconds: now, sleep: { try? await Task.sleep(for: .nanoseconds($0)) }, jitter: { 0.5 })
        let book = LeaseBook(hasher: hasher, surroundings: surroundings)
        let store = LeasedBucketStore(book: book, authority: authority)
        // Together more than one core can ask for, so that most decisions admit.
        let limit = hasher.prepare(
            RateLimit(name: "bench", capacityTokens: 100_000_000, ratePerMinute: 100_000_000))
        let demands = (0..<8).map { limit.demand(on: "tenant-\($0)") }
        let start = clock.now
        let end = start + .seconds(secondsPerRound)
        let (decided, refused) = await withTaskGroup(of: (Int, Int).self) { tasks in
            for task in 0..<64 {
                tasks.addTask(executorPreference: executor) {
                    var (decided, refused) = (0, 0)
                    while clock.now < end {
                        // As many as a loop may handle in one turn; then it reads and writes.
                        for step in 0..<16 {
                            let outcome = await store.take([demands[(task + step) & 7]], nowNanoseconds: now())
                            guard case .decided(let admission) = outcome else { fatalError("Redis was away") }
                            decided += 1
                            if !admission.isAdmitted { refused += 1 }
                        }
                        await Task.yield()
                    }
                    return (decided, refused)
                }
            }
            return await tasks.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
        }
        let took = start.duration(to: clock.now)
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        let gauges = book.gauges()
        print(
            String(
                format: "%55.0f %10d %9d %16d", Double(decided) / seconds, decided - refused, refused,
                gauges.asked + gauges.refills))
        return Double(decided) / seconds
    }

    private static func decisionsPerSecond(
        _ authority: RedisBucketAuthority, _ executor: LoopExecutor
    ) async throws -> Double {
        let ask = BucketAsk(
            name: BucketName(limit: "tenant", fields: ["acme"]), capacityTokens: 100_000_000,
            ratePerMinute: 100_000_000, minimumTokens: 1, wantedTokens: 1)
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + .seconds(secondsPerRound)
        let decided = await withTaskGroup(of: Int.self) { tasks in
            for _ in 0..<requestsInFlight {
                tasks.addTask(executorPreference: executor) {
                    var count = 0
                    while clock.now < end {
                        guard case .decided(let grants, _) = await authority.take([ask]), grants[0].grantedTokens == 1
                        else {
                            fatalError("not granted")
                        }
                        count += 1
                    }
                    return count
                }
            }
            return await tasks.reduce(0, +)
        }
        let took = start.duration(to: clock.now)
        return Double(decided) / (Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18)
    }

    private static func benchmark(_ port: Int) throws -> Double {
        guard let script = RedisBucketAuthority.scripts.first else { return 0 }
        let digest = String(decoding: script.digest, as: UTF8.self)
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/redis-benchmark")
        process.arguments = [
            "-p", "\(port)", "-P", "16", "-c", "50", "-n", "300000", "--csv", "EVALSHA", digest, "1",
            "bench:bucket:{0}x",
            "100000000", "100000000", "1", "1", "0",
        ]
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        // "EVALSHA …","165000.00",…
        guard let line = text.split(separator: "\n").last,
            let rate = line.components(separatedBy: "\",\"").dropFirst().first, let number = Double(rate)
        else { fatalError("redis-benchmark said: \(text)") }
        return number
    }

    /// A Redis of this run's own.
    struct Server {
        let port: Int
        let process: Process

        func end() {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    static func launchRedis() throws -> Server {
        let port = 20_000 + Int(getpid()) % 20_000
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/redis-server")
        process.arguments = ["--port", "\(port)", "--save", "", "--appendonly", "no", "--dir", "/tmp"]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return Server(port: port, process: process)
    }
}

/// Runs tasks on one event loop, as the gateway runs its requests.
private final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
