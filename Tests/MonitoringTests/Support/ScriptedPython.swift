import Foundation
import RedisFixtures

/// The reader of OpenMetrics that Prometheus' own Python client brings.
enum ScriptedPython {
    private static let reader = """
        import sys
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
        families = list(text_string_to_metric_families(open(sys.argv[1], encoding="utf-8").read()))
        assert len(families) > 40, len(families)
        print("read", len(families))
        """

    /// - Throws: `FixtureError` with what it says when it cannot read the text.
    static func readsOpenMetrics(_ text: String, in folder: PrivateFolder) throws {
        let python = ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? "python3"
        _ = try SpawnedProcess.run(
            [python, try folder.write("open.py", reader), try folder.write("open.txt", text)], in: folder)
    }
}
