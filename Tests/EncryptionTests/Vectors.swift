import Foundation
import IntentProtocol
import Testing

/// The recorded cases of others: the Python package for `v1`, a program of its own for `v2`.
enum Vectors {
    static func document(_ name: String) throws -> JSONObject {
        let here = URL(filePath: #filePath).resolvingSymlinksInPath()
        let file = here.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/intentusnet/\(name).json")
        var limits = JSONLimits.default
        limits.membersMax = 100_000
        return try #require(JSONValue(parsing: [UInt8](Data(contentsOf: file)), limits: limits).objectValue)
    }

    static func cases(_ name: String, _ list: String = "cases") throws -> [JSONObject] {
        let cases = try #require(document(name)[list]?.arrayValue).map { try #require($0.objectValue) }
        #expect(cases.count >= 5, "the vectors are there")
        return cases
    }
}

extension JSONObject {
    func text(_ key: String) throws -> String { try #require(self[key]?.stringValue, "\(key)") }

    func object(_ key: String) throws -> JSONObject { try #require(self[key]?.objectValue, "\(key)") }

    var encoded: [UInt8] { JSONValue.object(self).encoded }
}
