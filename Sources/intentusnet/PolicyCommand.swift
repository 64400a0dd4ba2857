import ArgumentParser
import Documents
import Foundation
import IntentPolicy

/// `intentusnet policy …`
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Test and explain policies.", subcommands: [Test.self, Explain.self])

    /// `intentusnet policy test FILE…`
    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run decision cases and print the failures; exit code 1 when there is one.")

        @Argument(help: "Files of cases, JSON or YAML.")
        var files: [String]

        func run() throws {
            var passed = 0
            var failed = 0
            for file in files {
                let report = try PolicyCaseRunner.run(try PolicyCommand.read(file))
                for failure in report.failures { print("\(file): \(failure)") }
                passed += report.passed
                failed += report.failures.count
            }
            print("\(passed) passed, \(failed) failed")
            guard failed == 0, passed > 0 else { throw ExitCode(1) }
        }
    }

    /// `intentusnet policy explain`
    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell which rule decides a request, and why the others do not.",
            discussion: """
                The request is a JSON or YAML document with intent, subject, roles, tenant, payload, source, and agent or \
                agents.
                """)

        @Option(
            name: .customLong("policy"), help: "A policy file; give it several times for a policy in several files.")
        var policies: [String]

        @Option(help: "The file with the request.")
        var request: String

        func run() throws {
            let diagnostics = Diagnostics()
            let files = try policies.map { (name: $0, text: try PolicyCommand.text($0)) }
            guard let document = PolicyLoader.load(files, into: diagnostics) else {
                for finding in diagnostics.sorted { print(finding) }
                throw ExitCode(1)
            }
            let context = try PolicyCommand.read(request)
            let agents = context["agents"]?.sequence?.map { $0.scalar?.text } ?? [context["agent"]?.scalar?.text]
            print(PolicyExplainer.explain(CompiledPolicy(document), PolicyRequest(context: context), agents: agents))
        }
    }

    static func text(_ file: String) throws -> String {
        do {
            return try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ValidationError("'\(file)' cannot be read as UTF-8 text")
        }
    }

    static func read(_ file: String) throws -> DocumentNode {
        do {
            return try DocumentParser.document(try text(file), file: file)
        } catch let error as DiagnosticError {
            throw ValidationError("\(error)")
        }
    }
}
