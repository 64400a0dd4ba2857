import ArgumentParser
import Foundation
import Observability

/// `intentusnet audit …`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Prove audit logs.", subcommands: [Verify.self])

    /// `intentusnet audit verify FILE…`
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prove that nothing in audit logs was changed, left out, moved or cut off.",
            discussion: """
                Give the files of a log together, in any order; what was collected from standard output or syslog may hold the \
                records of many nodes. Exit code 0: every record is what was written, none is missing, and each chain is closed or \
                followed by the next one of its node. Exit code 1: something is not so; each finding names its file and line. \
                Exit code 2: nothing can be said, because a file cannot be read, the key is missing, or there is no record at all.

                The end of the log of a running node is open, as is that of one that was killed, and as an end that was cut off \
                looks: --running accepts it, and the last record that is there is told in any case.
                """)

        @Argument(help: "Files of records.")
        var files: [String]

        @Option(
            name: .customLong("key"),
            help: "The key file of the node (audit.keyFile); several times for the logs of several keys.")
        var keys: [String] = []

        @Flag(help: "Accept an open end, because the node runs.")
        var running = false

        @Flag(help: "Print the result as a JSON object.")
        var json = false

        func run() throws {
            var verifier = AuditVerifier(keys: try keys.map(Self.key))
            for file in Set(files).sorted() {
                do {
                    let input = try FileInput(file)
                    try verifier.read(file) { () throws(FileInput.Failure) in try input.next() }
                } catch {
                    Self.fail("\(error)")
                    throw ExitCode(2)
                }
            }
            let result = verifier.finish(mayBeOpen: running)
            let report = AuditReport(result, isKeyGiven: !keys.isEmpty)
            print(json ? report.json : report.text, terminator: "")
            switch report.verdict {
            case .whole: break
            case .broken: throw ExitCode(1)
            case .unknown: throw ExitCode(2)
            }
        }

        private static func key(_ file: String) throws -> AuditKey {
            guard let data = FileManager.default.contents(atPath: file) else {
                fail("'\(file)' cannot be read")
                throw ExitCode(2)
            }
            guard let key = AuditKey(data) else {
                fail("'\(file)' is no key: it must have at least \(AuditKey.bytesMin) bytes")
                throw ExitCode(2)
            }
            return key
        }

        private static func fail(_ message: String) {
            FileHandle.standardError.write(Data("Error: \(message)\n".utf8))
        }
    }
}
