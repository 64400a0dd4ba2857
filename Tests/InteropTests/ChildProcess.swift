import Foundation
import Synchronization

/// A program that a test starts and ends by its process id.
final class ChildProcess: @unchecked Sendable {
    struct Failure: Error, CustomStringConvertible { var description: String }

    // Safe to mark without checks: the process is configured before it is shared, and only asked and ended afterwards.
    private let process = Process()
    private let output = Mutex("")

    /// The root of the project.
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The command as the test run built it, beside the test bundle.
    static var intentusnet: String {
        get throws {
            let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            var folder = bundle.deletingLastPathComponent()
            for _ in 0..<6 {
                let candidate = folder.appending(path: "intentusnet").path
                if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
                folder = folder.deletingLastPathComponent()
            }
            let built = root.appending(path: ".build/debug/intentusnet").path
            guard FileManager.default.isExecutableFile(atPath: built) else {
                throw Failure(description: "the command is not built: run `swift build` or `make test`")
            }
            return built
        }
    }

    /// A Python that has the packages of `Tests/Tools/install test`.
    static var python: String { ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? "python3" }

    init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        process.executableURL = URL(fileURLWithPath: program.contains("/") ? program : "/usr/bin/env")
        process.arguments = program.contains("/") ? arguments : [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            guard !data.isEmpty else {
                handle.readabilityHandler = nil
                return
            }
            self?.output.withLock { $0 += String(decoding: data, as: UTF8.self) }
        }
        try Self.withNoSignalBlocked { try process.run() }
    }

    /// A child inherits the signal mask of the thread that starts it. The threads of Swift's pool block every signal: a
    /// shell or Python started from there would never see SIGTERM.
    private static func withNoSignalBlocked(_ start: () throws -> Void) rethrows {
        var none = sigset_t()
        var former = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &former)
        defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
        try start()
    }

    var text: String { output.withLock { $0 } }
    var processId: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// Waits for the end and gives the exit code.
    func exitCode(withinSeconds seconds: Int = 30) async throws -> Int32 {
        try await eventually("the end of the process; it said: \(text)", seconds) { !self.process.isRunning }
        return process.terminationStatus
    }

    /// Asks it to end, and insists after a while.
    func stop() async {
        guard process.isRunning else { return }
        process.terminate()
        for _ in 0..<500 where process.isRunning { try? await Task.sleep(for: .milliseconds(10)) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Does something while the process runs, and ends the process whatever comes of it.
    func stopped(after work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch {
            await stop()
            throw error
        }
        await stop()
    }

    /// Runs a program to its end.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], withinSeconds: Int = 60
    ) async throws -> (code: Int32, text: String) {
        let child = try ChildProcess(program, arguments, environment: environment)
        let code = try await child.exitCode(withinSeconds: withinSeconds)
        // The last output may still be on its way through the pipe.
        var text = child.text
        for _ in 0..<20 {
            try await Task.sleep(for: .milliseconds(10))
            if child.text == text, !text.isEmpty { break }
            text = child.text
        }
        return (code, child.text)
    }
}

/// Polls until the condition holds; throws after the deadline.
func eventually(_ what: String, _ seconds: Int = 20, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw ChildProcess.Failure(description: "no sign of \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
