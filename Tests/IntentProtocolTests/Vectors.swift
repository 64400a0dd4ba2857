import Foundation
import Testing

@testable import IntentProtocol

/// The recorded cases of the Python package.
enum Vectors {
    static func cases(_ name: String) throws -> [JSONObject] {
        let here = URL(filePath: #filePath).resolvingSymlinksInPath()
        let file = here.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/intentusnet/\(name).json")
        let document = try JSONValue(parsing: [UInt8](Data(contentsOf: file)))
        return try #require(document.objectValue?["cases"]?.arrayValue).map { try #require($0.objectValue) }
    }
}

extension JSONObject {
    func text(_ key: String) -> String? { self[key]?.stringValue }

    /// The value under nested keys.
    func at(_ path: String...) -> JSONValue? {
        var value: JSONValue? = .object(self)
        for key in path { value = value?.objectValue?[key] }
        return value
    }
}

extension JSONValue {
    var texts: [String]? { arrayValue?.compactMap(\.stringValue) }
}

/// Bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A text of bytes.
func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
