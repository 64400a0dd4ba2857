import Foundation
import RedisFixtures

/// A shell in which one types a line after the other: what a line sets, the next ones have.
///
/// Where the machine allows it, in namespaces of its own: the ports that the README names are free there whatever else runs, and nothing
/// that was started outlives the shell. A build that fetches packages needs the network, and gets no namespace.
final class Terminal {
    struct Outcome {
        let status: Int32
        let text: String
    }

    /// A line that goes on while others are typed.
    struct Job {
        fileprivate let number: Int
        let process: String
    }

    static let isApart =
        !Project.isSoak && (try? SpawnedProcess.run(apart + ["true"], in: PrivateFolder())) != nil
    private static let apart = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]

    /// Where the package manager looks for its settings.
    private static var home: String? { Project.isSoak ? ProcessInfo.processInfo.environment["HOME"] : nil }

    private let folder: PrivateFolder
    private let isApart: Bool
    private let shell: SpawnedProcess
    private let input: FileHandle
    private var count = 0
    /// The groups of processes of lines that go on.
    private var open: Set<Int32> = []

    init(in directory: String, programs: String, folder: PrivateFolder, isApart: Bool = Terminal.isApart) throws {
        self.folder = folder
        self.isApart = isApart
        let fifo = folder.file("typed")
        guard mkfifo(fifo, 0o600) == 0 else { throw FixtureError("no fifo in \(folder.path)") }
        shell = try SpawnedProcess(
            (isApart ? Self.apart : []) + ["bash", "--norc", fifo], log: folder.file("terminal.log"))
        // For reading too: a shell that is not there yet must not hold us up.
        guard let handle = FileHandle(forUpdatingAtPath: fifo) else { throw FixtureError("cannot write to \(fifo)") }
        input = handle
        try type("set -m; cd '\(directory)'; export HOME='\(Self.home ?? folder.path)' PATH='\(programs)':\"$PATH\"")
        if isApart { try type("ip link set lo up") }
        guard try run("pwd", withinSeconds: 15).text.contains(directory) else {
            throw FixtureError("no shell: \(folder.tail(of: "terminal.log"))")
        }
    }

    /// Types a line and waits for its end.
    func run(_ line: String, withinSeconds seconds: Int) throws -> Outcome {
        let number = next()
        let (output, status) = (folder.file("output-\(number)"), folder.file("status-\(number)"))
        try type("{ \(line)\n} >'\(output)' 2>&1; echo $? >'\(status).new'; mv '\(status).new' '\(status)'")
        return try ended(number, "'\(line)'", seconds)
    }

    /// Types a line that goes on, and waits until it says so.
    func start(_ line: String, until sign: String, withinSeconds seconds: Int) throws -> Job {
        let number = next()
        try type("{ \(line)\n} >'\(folder.file("output-\(number)"))' 2>&1 &")
        let job = Job(number: number, process: try run("echo $!", withinSeconds: 15).text.trimmed)
        Int32(job.process).map { _ = open.insert($0) }
        // Through the shell, whose ids of processes are its own.
        var (looks, hasEnded) = (0, false)
        try wait(seconds, "'\(line)' to say '\(sign)'", number) {
            looks += 1
            hasEnded = try looks % 100 == 0 && run("kill -0 -- -\(job.process)", withinSeconds: 15).status != 0
            return hasEnded || text(number).contains(sign)
        }
        guard !hasEnded else { throw FixtureError("'\(line)' has ended: \(text(number))") }
        return job
    }

    /// Ctrl-C: the signal goes to the line and all that it has started. Waits until all of it is gone.
    func interrupt(_ job: Job, withinSeconds seconds: Int) throws -> String {
        guard try run("kill -INT -- -\(job.process)", withinSeconds: 15).status == 0 else {
            throw FixtureError("it has ended before: \(text(job.number))")
        }
        try wait(seconds, "all of it to end", job.number) {
            try run("kill -0 -- -\(job.process)", withinSeconds: 15).status != 0
        }
        Int32(job.process).map { _ = open.remove($0) }
        return text(job.number)
    }

    /// Ends the shell, and what was started in it.
    func close() {
        // In a namespace of its own everything goes with the shell, and its process ids mean nothing here.
        if !isApart { open.forEach(Self.end) }
        open = []
        try? input.close()
        shell.signal(SIGTERM)
        shell.kill9()
    }

    /// Ends all of a line, by force what does not listen.
    private static func end(_ group: Int32) {
        kill(-group, SIGTERM)
        let isGone = { kill(-group, 0) != 0 }
        if (try? Deadline.wait(for: "a line's end", milliseconds: 5_000, until: isGone)) == nil {
            kill(-group, SIGKILL)
        }
    }

    private func next() -> Int {
        count += 1
        return count
    }

    private func type(_ line: String) throws { try input.write(contentsOf: Data((line + "\n").utf8)) }

    private func text(_ number: Int) -> String { folder.tail(of: "output-\(number)", characters: 20_000) }

    private func ended(_ number: Int, _ what: String, _ seconds: Int) throws -> Outcome {
        let file = folder.file("status-\(number)")
        try wait(seconds, "the end of \(what)", number) { FileManager.default.fileExists(atPath: file) }
        let status = try String(contentsOfFile: file, encoding: .utf8).trimmed
        return Outcome(status: Int32(status) ?? -1, text: text(number))
    }

    private func wait(_ seconds: Int, _ what: String, _ number: Int, until: () throws -> Bool) throws {
        do {
            try Deadline.wait(for: what, milliseconds: seconds * 1_000, until: until)
        } catch {
            let log = folder.tail(of: "terminal.log")
            throw FixtureError("\(error); it said: \(text(number)); the shell: \(shell.isRunning) \(log)")
        }
    }
}

extension String {
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
