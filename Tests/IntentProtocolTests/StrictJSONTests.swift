import Foundation
import Testing

@testable import IntentProtocol

@Suite("S19 strict JSON")
struct StrictJSONTests {
    private func failure(of document: [UInt8], limits: JSONLimits = .default) -> JSONSyntaxError? {
        do throws(JSONSyntaxError) {
            _ = try JSONValue(parsing: document, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "refuses, and says what and where",
        arguments: [
            ("", .unexpectedEnd, 0, ""), ("  ", .unexpectedEnd, 2, ""), (#"{"a":"#, .unexpectedEnd, 5, "a"),
            (#"{"a":1"#, .unexpectedEnd, 6, "a"), (#"{"a":1,}"#, .unexpectedByte, 7, ""),
            ("[1,]", .unexpectedByte, 3, "[1]"),
            ("[1 2]", .unexpectedByte, 3, "[0]"), (#"{"a" 1}"#, .unexpectedByte, 5, "a"),
            ("{1:2}", .unexpectedByte, 1, ""),
            ("1 1", .trailingBytes, 2, ""), ("{}x", .trailingBytes, 2, ""), ("\u{FEFF}{}", .byteOrderMark, 0, ""),
            ("\"a\u{0}\"", .controlCharacter, 2, ""), ("[\"\n\"]", .controlCharacter, 2, "[0]"),
            (#""\x""#, .invalidEscape, 1, ""), (#""\u12g4""#, .invalidEscape, 1, ""),
            (#""\u12"#, .unexpectedEnd, 5, ""),
            (#"["\ud800"]"#, .loneSurrogate, 2, "[0]"), (#"["\udc00\ud800"]"#, .loneSurrogate, 2, "[0]"),
            (#""\ud800\u0041""#, .loneSurrogate, 1, ""), ("01", .invalidNumber, 0, ""), ("1.", .invalidNumber, 0, ""),
            ("-", .unexpectedEnd, 1, ""), ("+1", .unexpectedByte, 0, ""), (".5", .unexpectedByte, 0, ""),
            ("1e", .invalidNumber, 0, ""), ("1e+", .invalidNumber, 0, ""), ("[1e999]", .numberOverflow, 1, "[0]"),
            (#"{"x":NaN}"#, .notFinite, 5, "x"), ("[-Infinity]", .notFinite, 1, "[0]"), ("Infinity", .notFinite, 0, ""),
            ("nul", .unexpectedEnd, 3, ""), ("True", .unexpectedByte, 0, ""), ("'a'", .unexpectedByte, 0, ""),
            (#"{"a":1,"a":2}"#, .duplicateKey, 7, "a"),
            (#"{"x":[0,{"a":1,"\u0061":2}]}"#, .duplicateKey, 15, #"x[1].\u0061"#),
            (#"{"é":1,"\u00e9":2}"#, .duplicateKey, 8, #"\u00e9"#), ("{\"a\":1 /**/}", .unexpectedByte, 7, "a"),
        ] as [(String, JSONSyntaxError.Kind, Int, String)])
    func refused(document: String, kind: JSONSyntaxError.Kind, offset: Int, path: String) {
        let error = failure(of: bytes(document))
        #expect(error?.kind == kind, "\(document)")
        #expect(error?.byteOffset == offset, "\(document)")
        #expect(error?.path == path, "\(document)")
    }

    @Test(
        "refuses invalid UTF-8",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82], [0xF0, 0x9F, 0x9A], [0xC3],
            [0xC3, 0x28], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28],
        ] as [[UInt8]])
    func invalidUTF8(sequence: [UInt8]) {
        for padding in [0, 1, 7, 8, 15, 16, 40] {
            let document = [0x22] + [UInt8](repeating: 0x61, count: padding) + sequence + [0x22]
            #expect(failure(of: document)?.kind == .invalidUTF8)
            #expect(failure(of: document)?.byteOffset == padding + 1)
        }
    }

    @Test(
        "accepts what JSON allows",
        arguments: [
            "0", "-0", "1e308", "1.7976931348623157e308", "1e-999", "0e999", "-0.0", "0.5E+3", "[]", "{}", " [ ] ",
            "\"\"",
            #""\u0000\ud83d\ude80\/""#, "\"\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\"", "\t\r\n null \n",
            #"{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}}"#, "12345678901234567890123456789012345678901234567890",
        ])
    func accepted(document: String) throws {
        let value = try JSONValue(parsing: bytes(document))
        #expect(try JSONValue(parsing: value.encoded) == value)
    }

    @Test("a number is refused exactly when a double cannot hold it")
    func overflow() {
        // 2^1024 - 2^970 is the first that rounds to infinity; one less rounds down to the largest double.
        let first = """
            17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633028641\
            66928879109465555478519404026306574886715058206819089020007083836762738548458177115317644757302700698555713669\
            59622842914819860834936475292719074168444365510704342711559699508093042880177904174497792
            """
        let last = String(first.dropLast(2) + "91")
        #expect(Double(first) == .infinity && Double(last)?.isFinite == true)
        for (number, isHeld) in [
            (first, false), (last, true), (first + ".0", false), (last + ".999", true), ("-" + first, false),
            ("0.\(first)e309", false), ("0.\(last)e309", true), ("\(first)0e-1", false), ("\(last)00000e-5", true),
            ("1.8e308", false), ("1.7976931348623158e308", true), ("1.7976931348623159e308", false),
            ("0.00001e313", true), ("0.00001e314", false), ("1e99999999999999999999", false),
            ("1e-99999999999999999999", true), ("1" + String(repeating: "0", count: 309), false),
            ("0." + String(repeating: "0", count: 400) + "1e700", true), ("17976931348623157e292", true),
        ] {
            #expect((failure(of: bytes(number)) == nil) == isHeld, "\(number)")
            #expect(Double(number)?.isFinite == isHeld, "\(number)")
        }
    }

    @Test("nesting, members and strings stop exactly at their limits")
    func limits() {
        let nested = { (depth: Int) in
            bytes(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        }
        #expect(failure(of: nested(64)) == nil)
        #expect(failure(of: nested(65))?.kind == .tooDeep)
        #expect(failure(of: bytes(String(repeating: #"{"a":"#, count: 65)))?.kind == .tooDeep)
        var limits = JSONLimits()
        limits.membersMax = 3
        limits.stringBytesMax = 4
        #expect(failure(of: bytes(#"{"a":{"b":1},"c":2}"#), limits: limits) == nil)
        #expect(failure(of: bytes(#"{"a":{"b":1},"c":2,"d":3}"#), limits: limits)?.kind == .tooManyMembers)
        #expect(failure(of: bytes(#""1234""#), limits: limits) == nil)
        #expect(failure(of: bytes(#""12345""#), limits: limits)?.kind == .stringTooLong)
        #expect(failure(of: bytes(#""é\n""#), limits: limits) == nil)
        #expect(failure(of: bytes(#""éé\n""#), limits: limits)?.kind == .stringTooLong)
    }

    @Test("large objects find duplicates anywhere, escaped or not")
    func largeObjects() {
        for count in [7, 8, 9, 10, 100, 2000] {
            let members = (0..<count).map { #""key\#($0)":\#($0)"# }.joined(separator: ",")
            #expect(failure(of: bytes("{\(members)}")) == nil)
            for twice in [0, 7, count / 2, count - 1] where twice < count {
                #expect(failure(of: bytes(#"{\#(members),"key\#(twice)":0}"#))?.kind == .duplicateKey)
                #expect(failure(of: bytes(#"{\#(members),"k\u0065y\#(twice)":0}"#))?.kind == .duplicateKey)
                #expect(failure(of: bytes(#"{"\u006bey\#(twice)":0,\#(members)}"#))?.kind == .duplicateKey)
            }
        }
    }

    @Test("keys that Unicode calls equivalent are different keys")
    func equivalentKeys() throws {
        let value = try JSONValue(parsing: bytes("{\"\u{E9}\":1,\"e\u{301}\":2}"))
        #expect(value.objectValue?["\u{E9}"] == 1)
        #expect(value.objectValue?["e\u{301}"] == 2)
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
    }

    @Test("a path in a message is short and holds no control character, whatever the keys are")
    func hostilePaths() throws {
        let key = String(repeating: "k", count: 100_000)
        let deep = String(repeating: #"{"\#(String(repeating: "x", count: 1000))":"#, count: 60)
        for document in [#"{"\#(key)":NaN}"#, deep + "NaN", "{\"a\u{7F}\u{202E}b\":NaN}"] {
            let error = try #require(failure(of: bytes(document)))
            #expect(error.message.utf8.count < 2000)
            #expect(!error.message.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
        }
    }
}
