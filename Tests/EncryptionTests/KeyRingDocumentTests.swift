import Documents
import IntentProtocol
import Testing

@testable import Encryption

@Suite("Key ring documents")
struct KeyRingDocumentTests {
    private static let hex = String(repeating: "5a", count: 32)
    private static let base64 = Base64.text(of: [UInt8](repeating: 0xA5, count: 32))

    private func read(_ text: String, profile: EMCLProfile = .v2) throws(DiagnosticError) -> KeyRing {
        try KeyRingDocument.read(Array(text.utf8), file: "ring", simpleProfile: profile)
    }

    @Test("are read from JSON and YAML alike")
    func documents() throws {
        let json = """
            {"keys": [
              {"id": "2026-11-a", "key": "\(Self.base64)", "activeFrom": "2026-11-28T00:00:00Z"},
              {"id": "old", "key": "\(Self.hex.uppercased())", "use": ["workers"], "opensUntil": "2026-11-29T00:00:00Z"},
              {"id": "python", "profile": "v1", "text": "passphrase"}
            ]}
            """
        let yaml = """
            keys:
              - { id: 2026-11-a, key: "\(Self.base64)", activeFrom: 2026-11-28T00:00:00Z }
              - { id: old, key: \(Self.hex), use: [workers], opensUntil: 2026-11-29T00:00:00Z }
              - { id: python, profile: v1, text: "passphrase" }
            """
        for text in [json, yaml] {
            let ring = try read(text)
            #expect(ring.keys.map(\.id) == ["2026-11-a", "old", "python"])
            #expect(ring.keys.map(\.profile) == [.v2, .v2, .v1])
            #expect(ring.keys.map(\.uses) == [[.clients, .workers], [.workers], [.clients, .workers]])
            #expect(ring.keys[0].activeFromMilliseconds == 1_795_824_000_000)
            #expect(ring.keys[1].opensUntilMilliseconds == 1_795_910_400_000)
            #expect(ring.keys[1].bytes == KeyBytes([UInt8](repeating: 0x5A, count: 32)))
            let again = try KeyRingDocument.read(Array(KeyRingDocument.text(of: ring).utf8), file: "again")
            #expect(again.keys.map(\.bytes) == ring.keys.map(\.bytes))
            #expect(again.keys.map(\.opensUntilMilliseconds) == ring.keys.map(\.opensUntilMilliseconds))
        }
    }

    @Test("a key alone is a ring, and has the same id for all who hold it")
    func simple() throws {
        let byHex = try read("\n\(Self.hex)\n")
        let byText = try read("ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ", profile: .v1)
        #expect(byHex.keys.map(\.bytes) == byText.keys.map(\.bytes))
        #expect(byHex.keys.map(\.id) == byText.keys.map(\.id))
        #expect(byHex.keys[0].id.utf8.count == 20)
        #expect([byHex, byText].map { $0.keys[0].profile } == [.v2, .v1])
    }

    @Test(
        "every fault has its place and a remedy, and shows no value",
        arguments: [
            (#"{"keys": []}"#, "ring:1:10: error: the ring holds no key: make one by intentusnet emcl keygen"),
            (#"{"kezs": []}"#, "ring:1:2: error: unknown name; known here: keys"),
            (#"{"keys": [{"id": "a"}]}"#, "ring:1:11: error: keys[0].key is required"),
            (#"{"keys": [{"id": "a", "key": "KEY="}]}"#, "ring:1:30: error: keys[0].key must be 32 bytes"),
            (#"{"keys": [{"id": "a", "key": "HEX00"}]}"#, "found 66 characters"),
            (#"{"keys": [{"id": "a", "key": "HEX", "KEY": 1}]}"#, "keys[0] has an unknown name"),
            (#"{"keys": [{"id": "KEY", "key": "HEX", "profile": "KEY"}]}"#, "keys[0].profile must be v1 or v2"),
            (#"{"keys": [{"id": "a", "key": "HEX", "use": ["KEY"]}]}"#, "keys[0].use must be a list of clients"),
            (#"{"keys": [{"id": "a", "key": "HEX", "use": []}]}"#, "keys[0].use must be a list of clients"),
            (
                #"{"keys": [{"id": "a", "key": "HEX", "activeFrom": "KEY"}]}"#,
                "keys[0].activeFrom must be a time in UTC"
            ),
            (#"{"keys": [{"id": "a", "key": "HEX", "opensUntil": "2026-02-30T00:00:00Z"}]}"#, "must be a time in UTC"),
            (#"{"keys": [{"id": "KEY/", "key": "HEX"}]}"#, "ring:1:18: error: keys[0].id must be 1 to 64 characters"),
            (#"{"keys": [{"id": "a", "text": "KEY"}]}"#, "keys[0].text is for profile v1 alone"),
            (#"{"keys": [{"id": "a", "profile": "v1", "text": ""}]}"#, "not empty"),
            (#"{"keys": [{"id": "a", "profile": "v1", "text": "KEY", "key": "HEX"}]}"#, "has both key and text"),
            (#"{"keys": [{"id": "a", "key": "HEX"}, {"id": "a", "key": "KEY"}]}"#, "two keys have the id 'a'"),
            (#"{"keys": [{"id": "a", "id": "b", "key": "HEX"}]}"#, "not a key ring: strict JSON"),
            (#"{"keys": [{"id": "a", "key": HEX"}]}"#, "ring:1:31: error: not a key ring: strict JSON"),
            ("keys: [KEY: [", "not a key ring: strict YAML"), ("KEY\nKEY", "a key ring is an object"),
            ("- KEY", "a key ring is an object"), (#"{"keys": "KEY"}"#, "keys must be a list"),
            (#"{"keys": ["KEY"]}"#, "keys[0] must be an object"), ("", "a key ring is an object"),
        ])
    func faults(text: String, expected: String) {
        let text = text.replacing("KEY", with: Self.base64).replacing("HEX", with: Self.hex)
        do throws(DiagnosticError) {
            _ = try read(text)
            Issue.record("read: \(expected)")
        } catch {
            #expect(error.description.contains(expected), "\(error)")
            #expect(!error.description.contains(Self.base64.prefix(12)), "\(error)")
            #expect(!error.description.contains(Self.hex.prefix(12)), "\(error)")
        }
    }

    @Test("refuses bytes that are no text, and more of them than a ring has")
    func bytes() {
        #expect(throws: DiagnosticError.self) { try KeyRingDocument.read([0xFF, 0xFE], file: "ring") }
        let large = [UInt8](repeating: UInt8(ascii: " "), count: KeyRingDocument.bytesMax + 1)
        #expect(throws: DiagnosticError.self) { try KeyRingDocument.read(large, file: "ring") }
    }

    @Test("times are written as they are read, leap days included")
    func times() {
        for text in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "1999-12-31T00:00:01Z", "9999-12-31T23:59:59Z"] {
            #expect(UTCTime.milliseconds(text).map(UTCTime.text) == text)
        }
        #expect(UTCTime.milliseconds("2026-01-01T00:00:00Z") == 1_767_225_600_000)
        for text in [
            "2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00+00:00", "",
        ] {
            #expect(UTCTime.milliseconds(text) == nil, "\(text)")
        }
    }
}
