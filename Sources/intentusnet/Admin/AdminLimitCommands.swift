import ArgumentParser
import IntentProtocol

/// One bucket: a limit, and the values of its key.
struct BucketName: ParsableArguments {
    @Option(help: "The rule that states the limit.")
    var limit: String

    @Option(
        name: .customLong("value"),
        help: "A value of the key, in the order that `intentusnet limits` shows; give it several times for several.")
    var values: [String] = []
}

/// `intentusnet admin bucket`
struct AdminBucketCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bucket", abstract: "Look at one bucket, as all gateways share it.")

    @OptionGroup var plane: AdminPlane
    @OptionGroup var bucket: BucketName

    func run() async throws {
        let key = bucket.values.map { "&key=\(AdminPath.segment($0))" }.joined()
        let answer = try await plane.ask(.get, "/admin/v1/limits/bucket?limit=\(AdminPath.segment(bucket.limit))\(key)")
        if plane.json { answer.printJSON() } else { answer.printFacts() }
    }
}

/// `intentusnet admin reset`
struct AdminResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Fill one bucket; every gateway goes by it within a second.")

    @OptionGroup var plane: AdminPlane
    @OptionGroup var bucket: BucketName

    func run() async throws {
        try await plane.act(
            .post, "/admin/v1/limits/reset",
            ["limit": .string(bucket.limit), "key": .array(bucket.values.map(JSONValue.string))])
    }
}
