import ArgumentParser
import Foundation
import IntentProtocol

/// `intentusnet admin explain`
struct AdminExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tell how the policies in force on a gateway decide about a request, and why.",
        discussion: "The request is that of `intentusnet policy explain`, as JSON.")

    @OptionGroup var plane: AdminPlane

    @Option(help: "Which policies: intent (the rules), authorization (the mesh's), or admin (those of the admin API).")
    var engine = "intent"

    @Option(help: "The file with the request.")
    var request: String

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: request),
            let object = (try? JSONValue(parsing: [UInt8](data)))?.objectValue
        else { throw ValidationError("'\(request)' cannot be read as a JSON object") }
        let answer = try await plane.ask(
            .post, "/admin/v1/policy/explain", ["engine": .string(engine), "request": .object(object)])
        guard !plane.json else { return answer.printJSON() }
        for line in answer.fields["lines"]?.arrayValue ?? [] { print(TextTable.printable(Cell.text(line))) }
    }
}
