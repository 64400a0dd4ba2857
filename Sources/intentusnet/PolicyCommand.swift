import ArgumentParser
import Authorization
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
            abstract: "Run decision cases and print the failures; exit code 1 when there is one.",
            discussion: """
                A file holds cases of intent rules, or a list of cases of Istio's policies; the latter are counted by tier.
                """)

        @Argument(help: "Files of cases, JSON or YAML.")
        var files: [String]

        func run() throws {
            var passed = 0
            var failed = 0
            for file in files {
                let document = try PolicyCommand.read(file)
                guard !AuthorizationCaseRunner.canRun(document) else {
                    let report = try Self.authorization(document)
                    for failure in report.failures { print("\(file): \(failure)") }
                    for (tier, count) in report.passedByTier.sorted(by: { $0.key < $1.key }) {
                        print("\(file): \(tier): \(count) passed")
                    }
                    passed += report.passed
                    failed += report.failures.count
                    continue
                }
                let report = try PolicyCaseRunner.run(document)
                for failure in report.failures { print("\(file): \(failure)") }
                passed += report.passed
                failed += report.failures.count
            }
            print("\(passed) passed, \(failed) failed")
            guard failed == 0, passed > 0 else { throw ExitCode(1) }
        }

        private static func authorization(_ document: DocumentNode) throws -> AuthorizationCaseRunner.Report {
            do {
                return try AuthorizationCaseRunner.run(document)
            } catch {
                throw ValidationError("\(error)")
            }
        }
    }

    /// `intentusnet policy explain`
    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell which rule decides a request, and why the others do not.",
            discussion: """
                The request is a JSON or YAML document. For intent rules (--policy): intent, subject, roles, tenant, payload, \
                source, and agent or agents. For Istio's policies (--authorization): peerPrincipal, sourceIP, remoteIP, \
                destinationIP, port, sni, method is GET unless given, path, host, headers, jwtClaims.
                """)

        @Option(
            name: .customLong("policy"), help: "A policy file; give it several times for a policy in several files.")
        var policies: [String] = []

        @Option(
            name: .customLong("authorization"),
            help: "A file of Istio's resources; give it several times for several files.")
        var authorizations: [String] = []

        @Option(help: "The namespace of the workload that Istio's policies are asked for.")
        var namespace = "default"

        @Option(name: .customLong("label"), help: "A label of that workload, name=value; several times for several.")
        var labels: [String] = []

        @Option(help: "The trust domain of the mesh.")
        var trustDomain = "cluster.local"

        @Option(help: "The file with the request.")
        var request: String

        func validate() throws {
            guard policies.isEmpty != authorizations.isEmpty else {
                throw ValidationError("give either --policy or --authorization")
            }
        }

        func run() throws {
            guard policies.isEmpty else { return try explainPolicies() }
            let diagnostics = Diagnostics()
            let files = try authorizations.map { (name: $0, text: try PolicyCommand.text($0)) }
            let documents = AuthorizationLoader.load(files, defaultNamespace: namespace, into: diagnostics)
            let asked = RequestReader.read(FieldReader(try PolicyCommand.read(request), into: diagnostics))
            for finding in diagnostics.sorted { print(finding) }
            guard let documents, let asked else { throw ExitCode(1) }
            var map: [String: String] = [:]
            for label in labels {
                let parts = label.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { throw ValidationError("--label \(label) must be name=value") }
                map[parts[0]] = parts[1]
            }
            let compiled = CompiledAuthorization(
                documents, mesh: MeshSettings(trustDomain: trustDomain),
                workload: Workload(namespace: namespace, labels: map))
            print(AuthorizationExplainer.explain(compiled, asked))
        }

        private func explainPolicies() throws {
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
