import Documents
import Testing

@Suite("field readers")
struct FieldReaderTests {
    private enum Colour: String, CaseIterable {
        case red, green, blue
    }

    private static func reader(_ text: String) throws -> (FieldReader, Diagnostics) {
        let diagnostics = Diagnostics()
        return (FieldReader(try DocumentParser.yaml(text, file: "f.yaml"), into: diagnostics), diagnostics)
    }

    @Test("reads every kind of field")
    func kinds() throws {
        var (reader, diagnostics) = try Self.reader(
            """
            name: x
            port: 0x10
            flag: true
            colour: green
            list: [a, "1"]
            colours: [red, blue]
            child: {inner: y}
            children: [{inner: a}, {inner: b}]
            empty: ~
            """)
        #expect(reader.requiredString("name") == "x")
        #expect(reader.integer("port", in: 1...65_535) == 16)
        #expect(reader.bool("flag") == true)
        #expect(reader.enumeration("colour", as: Colour.self) == .green)
        #expect(reader.strings("list") == ["a", "1"])
        #expect(reader.enumerations("colours", as: Colour.self) == [.red, .blue])
        let found = reader.child("child")
        var child = try #require(found)
        #expect(child.path == "child")
        #expect(child.string("inner") == "y")
        child.finish()
        var children = reader.children("children")
        #expect(children.map(\.path) == ["children[0]", "children[1]"])
        #expect(children.indices.map { children[$0].string("inner") } == ["a", "b"])
        #expect(reader.string("empty") == nil)
        #expect(reader.node("empty")?.isNull == true)
        #expect(reader.string("absent") == nil)
        #expect(reader.strings("absent") == nil)
        #expect(reader.children("absent").isEmpty)
        reader.finish()
        #expect(diagnostics.all.isEmpty)
    }

    @Test("collects every fault with its place")
    func faults() throws {
        var (reader, diagnostics) = try Self.reader(
            """
            name: 1.0
            port: 70000
            flag: yes
            colour: gren
            list: a
            mixed: [a, 2, ~]
            child: [1]
            isuer: x
            completely: different
            """)
        _ = reader.requiredString("name")
        _ = reader.integer("port", in: 1...65_535)
        _ = reader.bool("flag")
        _ = reader.enumeration("colour", as: Colour.self)
        _ = reader.strings("list")
        #expect(reader.strings("mixed") == ["a"])
        let child = reader.child("child")
        child?.reportMissing("inner")
        child?.finish()
        _ = reader.requiredString("issuer")
        reader.finish()
        let known = "name, port, flag, colour, list, mixed, child, issuer"
        #expect(
            diagnostics.errors.map(\.description) == [
                "f.yaml:1:1: error: issuer is required",
                "f.yaml:1:7: error: name must be a string, found the float 1.0; put it in quotes: \"1.0\"",
                "f.yaml:2:7: error: port must be an integer from 1 to 65535, found the integer 70000",
                "f.yaml:3:7: error: flag must be true or false, found the string 'yes'",
                "f.yaml:4:9: error: colour must be one of red, green, blue, found the string 'gren'; did you mean 'green'?",
                "f.yaml:5:7: error: list must be a list, found the string 'a'",
                "f.yaml:6:12: error: mixed[1] must be a string, found the integer 2; put it in quotes: \"2\"",
                "f.yaml:6:15: error: mixed[2] must be a string, found null",
                "f.yaml:7:8: error: child must be a mapping, found a list",
                "f.yaml:8:1: error: unknown key 'isuer'; did you mean 'issuer'?",
                "f.yaml:9:1: error: unknown key 'completely'; known here: \(known)",
            ])
    }

    @Test("refuses a document that is no mapping, once")
    func root() throws {
        var (reader, diagnostics) = try Self.reader("[1]")
        _ = reader.requiredString("name")
        reader.finish()
        #expect(
            diagnostics.errors.map(\.description) == ["f.yaml:1:1: error: the document must be a mapping, found a list"]
        )
    }

    @Test("an empty required string is refused")
    func emptyString() throws {
        var (reader, diagnostics) = try Self.reader("name: ''")
        #expect(reader.requiredString("name") == nil)
        #expect(diagnostics.errors.map(\.description) == ["f.yaml:1:7: error: name must not be empty"])
    }

    @Test("diagnostics come in the order of their places, file by file")
    func order() {
        let diagnostics = Diagnostics()
        diagnostics.warning("no place", at: nil)
        diagnostics.error("b2", at: SourceLocation(file: "b", line: 2, column: 1))
        diagnostics.error("a9", at: SourceLocation(file: "a", line: 9, column: 1))
        diagnostics.warning("b1", at: SourceLocation(file: "b", line: 1, column: 7))
        #expect(diagnostics.sorted.map(\.message) == ["b1", "b2", "a9", "no place"])
        #expect(diagnostics.errors.map(\.message) == ["b2", "a9"])
        #expect(diagnostics.hasErrors)
    }

    @Test(
        "the nearest word is one that could have been meant",
        arguments: [
            ("isuer", "issuer"), ("token_cache_entries", "tokenCacheEntries"), ("Audience", "audiences"),
            ("isseur", "issuer"), ("audinces", "audiences"), ("xyz", nil), ("", nil),
            ("tokenCacheEntry", "tokenCacheEntries"),
            ("if", "id"), ("a", nil), ("tokenCache", "tokenCacheEntries"), ("tokenCacheMax", "tokenCacheEntries"),
        ] as [(String, String?)])
    func nearest(word: String, expected: String?) {
        #expect(NearestWord.of(word, among: ["issuer", "audiences", "tokenCacheEntries", "id"]) == expected)
    }

    @Test("numbers give their values")
    func numbers() {
        #expect(DocumentScalar(.integer, text: "+7").integer == 7)
        #expect(DocumentScalar(.integer, text: "0o17").integer == 15)
        #expect(DocumentScalar(.integer, text: "99999999999999999999").integer == nil)
        #expect(DocumentScalar(.integer, text: "99999999999999999999").double == 1e20)
        #expect(DocumentScalar(.float, text: "1.5e1").double == 15)
        #expect(DocumentScalar(.float, text: "1e999").double == nil)
        #expect(DocumentScalar(.float, text: ".inf").double == nil)
        #expect(DocumentScalar(.string, text: "1").integer == nil)
        #expect(DocumentScalar(.boolean, text: "TRUE").boolean == true)
    }
}
