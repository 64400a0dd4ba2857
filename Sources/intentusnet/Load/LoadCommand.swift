import ArgumentParser
import Foundation
import LoadGenerator

/// `intentusnet load`: an open-loop load test of gateways.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load gateways by a schedule that no answer delays, and tell what came of it.",
        discussion: """
            Requests are sent when they are due, and latencies count from that moment: a gateway that stands still does not hide
            behind a client that waits for it. --scenario takes a file with arrivals, a mix of intents, callers and targets; without
            it the flags make one entry and one rate. Flags that are given override the file's keys.

            --fail-if takes thresholds such as 'p99>50ms', 'errors>0.1%' or 'p99.9(Pay:1.0)>1s'; --find-capacity looks for the highest
            rate at which none of them is true.

            Exit codes: 0 ran and passed; 1 a threshold is broken, or no rate meets them; 2 the scenario or an option cannot be used;
            3 the run could not be made, such as when a gateway is not reached; 64 the command line is none; 130 ended by Ctrl-C or
            SIGTERM before its time, with a report of what was done.
            """)

    @OptionGroup var options: LoadOptions
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var output: LoadOutput

    @Flag(help: "Look for the highest rate that breaks no threshold, from --rate on.")
    var findCapacity = false

    @Option(help: "With --find-capacity: how long each rate is tried.")
    var trial = "10s"

    @Option(help: "With --find-capacity: the highest rate that is tried.")
    var rateMax = 1_000_000.0

    static let interruptedCode: Int32 = 130

    func run() async throws {
        let ready: LoadPreparation
        do {
            ready = try prepared()
        } catch {
            throw Self.ended(2, "\(error)")
        }
        let result: LoadResult
        do {
            let (isSearch, isQuiet, rateMax) = (findCapacity, output.quiet, rateMax)
            let seconds = Double(DurationText.nanoseconds(trial) ?? 0) / 1e9
            result = try await LoadSignals.interrupting {
                guard isSearch else { return try await LoadSession(ready, isQuiet: isQuiet).run() }
                return try await CapacitySession(ready, isQuiet: isQuiet, trialSeconds: seconds, rateMax: rateMax).run()
            }
        } catch {
            throw Self.ended(3, "\(error)")
        }
        do {
            try output.write(result)
        } catch {
            throw Self.ended(3, "\(error)")
        }
        if result.isInterrupted { throw ExitCode(Self.interruptedCode) }
        guard result.isPassed, !findCapacity || result.capacityPerSecond != nil else { throw ExitCode(1) }
    }

    private func prepared() throws -> LoadPreparation {
        guard let trialNanoseconds = DurationText.nanoseconds(trial), trialNanoseconds >= 1_000_000_000 else {
            throw LoadFault("--trial must be a time of 1s or more, such as 10s, found '\(trial)'")
        }
        guard rateMax.isFinite, rateMax >= 1 else { throw LoadFault("--rate-max must be 1 or more") }
        try output.check()
        var scenario = try options.scenario(identity)
        if findCapacity {
            guard scenario.replay == nil else {
                throw LoadFault("--find-capacity tries rates, and a replay has its own times")
            }
            if scenario.failIf.isEmpty { scenario.failIf = CapacityObjective.usual }
            scenario.warmUpSeconds = scenario.warmUpSeconds ?? CapacityObjective.warmUpSeconds
        }
        return try ScenarioPlanner(
            scenario, folder: options.folder, environment: ProcessInfo.processInfo.environment,
            literalToken: options.literalToken
        ).prepared()
    }

    private static func ended(_ code: Int32, _ message: String) -> ExitCode {
        FileHandle.standardError.write(Data("intentusnet load: \(message)\n".utf8))
        return ExitCode(code)
    }
}
