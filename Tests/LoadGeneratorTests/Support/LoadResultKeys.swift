import Foundation
import LoadGenerator

/// The keys of a result as it is written.
enum LoadResultKeys {
    static func all() throws -> Set<String> {
        let plan = try Plans.steady(["http://127.0.0.1:1"], rate: 1, seconds: 1)
        let encoded = try JSONEncoder().encode(try sample(plan))
        var keys = Set<String>()
        collect(try JSONSerialization.jsonObject(with: encoded), &keys)
        return keys.filter { Double($0) == nil }
    }

    /// A result with everything that it can have.
    static func sample(_ plan: LoadPlan) throws -> LoadResult {
        let latency =
            #"{"count":1,"minMicroseconds":1,"meanMicroseconds":1,"maxMicroseconds":1,"percentileMicroseconds":{"50":1,"99":2}}"#
        let group = { (name: String) in
            #"{"name":"\#(name)","offered":1,"ok":1,"limited":0,"refused":0,"failed":0,"lost":0,"latency":\#(latency)}"#
        }
        let name = #"<script>alert(1)</script>&\"'"#
        let text = """
            {"schemaVersion":1,"tool":"t","startedAt":"2026-11-28T00:00:00Z","isInterrupted":false,"seed":1,"scheduledSeconds":1,
            "seconds":1,"warmUpRequests":0,"offeredPerSecond":1,"answeredPerSecond":1,"sentBytes":1,"receivedBytes":1,
            "total":\(group("all")),"intents":[\(group(name))],"entries":[\(group(name))],"targets":[\(group(name))],
            "callers":[\(group(name))],
            "outcomes":[{"name":"200","outcomeClass":"ok","count":1,"latency":\(latency)}],
            "generatorLateness":\(latency),"waitForConnection":\(latency),
            "distribution":[{"percentile":0,"microseconds":1},{"percentile":100,"microseconds":20}],
            "timeline":[{"endSeconds":1,"isWarmUp":false,"offeredPerSecond":1,"okPerSecond":1,"limitedPerSecond":0,
            "errorsPerSecond":0,"inFlight":1,"p50Microseconds":1,"p99Microseconds":1,"p999Microseconds":1,"maxMicroseconds":1}],
            "thresholds":[{"threshold":"p99>1s","measured":1,"isPassed":true,"finding":"p99: 1 ms"}],
            "trials":[{"ratePerSecond":1,"answeredPerSecond":1,"p50Microseconds":1,"p99Microseconds":1,"isPassed":true,"reasons":[]}],
            "capacityPerSecond":1,"warnings":["\(name)"]}
            """
        return try JSONDecoder().decode(LoadResult.self, from: Data(text.utf8))
    }

    private static func collect(_ value: Any, _ keys: inout Set<String>) {
        if let object = value as? [String: Any] {
            for (key, value) in object {
                keys.insert(key)
                collect(value, &keys)
            }
        } else if let list = value as? [Any] {
            for value in list { collect(value, &keys) }
        }
    }
}
