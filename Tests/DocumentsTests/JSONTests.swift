import Documents
import Testing

@Suite("JSON documents")
struct JSONTests {
    @Test(
        "reads every kind of value, numbers as written",
        arguments: [
            ("null", "null"), (" true ", "boolean true"), ("[]", "[]"), ("{}", "{}"),
            (
                "[1, 1.0, 1e16, -0, 0.5E-3]",
                "[integer 1, float 1.0, float 1e16, integer -0, float 0.5E-3]"
            ),
            (#"{"a": {"b": ["x"]}, "c": null}"#, #"{a: {b: ["x"]}, c: null}"#),
            (#""\u00e9\ud83d\ude00\n\/\"\\""#, "\"é😀\n/\"\\\""),
            (#"{"1": "0", "true": "yes"}"#, #"{1: "0", true: "yes"}"#),
            ("123456789012345678901234567890", "integer 123456789012345678901234567890"),
        ])
    func values(text: String, sketch: String) throws {
        #expect(try DocumentParser.json(text, file: "f.json").sketch == sketch)
    }

    @Test("values know their line and column")
    func places() throws {
        let root = try DocumentParser.json("{\n  \"é\": [1,\r\n    {\"b\": 2}], \"c\": 3}", file: "f.json")
        #expect(root["é"]?.sequence?[1]["b"]?.location.description == "f.json:3:11")
        #expect(root.mapping?[1].keyLocation.description == "f.json:3:16")
        #expect(root["é"]?.location.description == "f.json:2:8")
    }

    @Test(
        "refuses with the place",
        arguments: [
            ("default: deny\n", "f.json:1:1: error: not valid JSON: 'default' is not a JSON value"),
            ("", "f.json:1:1: error: not valid JSON: the text ends where a value is expected"),
            ("{\"a\": 1,}", "f.json:1:9: error: not valid JSON: a key in double quotes is expected"),
            ("[1,]", "f.json:1:4: error: not valid JSON: a value is expected"),
            ("[1 2]", "f.json:1:4: error: not valid JSON: ',' or ']' is expected"),
            ("{\"a\" 1}", "f.json:1:6: error: not valid JSON: ':' is expected after a key"),
            ("{'a': 1}", "f.json:1:2: error: not valid JSON: a key in double quotes is expected"),
            ("01", "f.json:1:2: error: not valid JSON: the number is not written as in JSON"),
            ("1.", "f.json:1:3: error: not valid JSON: a digit is expected"),
            ("+1", "f.json:1:1: error: not valid JSON: a value is expected"),
            ("1e", "f.json:1:3: error: not valid JSON: a digit is expected"),
            ("0x1", "f.json:1:2: error: not valid JSON: the number is not written as in JSON"),
            ("NaN", "f.json:1:1: error: not valid JSON: 'NaN' is not a JSON value"),
            (
                "\"a\nb\"",
                "f.json:1:3: error: not valid JSON: a control character inside a string must be written as an escape"
            ),
            ("\"abc", "f.json:1:5: error: not valid JSON: the text ends inside a string"),
            ("\"\\", "f.json:1:3: error: not valid JSON: the text ends inside a string"),
            (#""\x41""#, "f.json:1:2: error: not valid JSON: unknown escape"),
            (#""\u+123""#, #"f.json:1:2: error: not valid JSON: \u needs four hexadecimal digits"#),
            (#""\ud800""#, "f.json:1:2: error: not valid JSON: lone surrogate"),
            (#""\udc00""#, "f.json:1:2: error: not valid JSON: lone surrogate"),
            (#""\ud800\u0041""#, "f.json:1:2: error: not valid JSON: lone surrogate"),
            ("{} {}", "f.json:1:4: error: not valid JSON: unexpected text after the value"),
            ("{} // no", "f.json:1:4: error: not valid JSON: unexpected text after the value"),
            ("\u{feff}{}", "f.json:1:1: error: not valid JSON: a byte order mark is not allowed"),
        ])
    func refuses(text: String, message: String) {
        #expect(faults(json: text) == [message])
    }

    @Test("reports every duplicate key, and the syntax error after them")
    func duplicates() {
        #expect(
            faults(json: #"{"a": 1, "a": 2, "b": {"c": 1, "\u0063": 2}}"#) == [
                "f.json:1:10: error: duplicate key 'a'; first given on line 1",
                "f.json:1:32: error: duplicate key 'c'; first given on line 1",
            ])
        #expect(faults(json: #"{"a": 1, "a": 2"#).count == 2)
    }

    @Test("the file's name decides between YAML and JSON")
    func fileNames() throws {
        #expect(try DocumentParser.document("a: 1", file: "p.YML").sketch == "{a: integer 1}")
        #expect(try DocumentParser.document("a: 1", file: "p.yaml").sketch == "{a: integer 1}")
        #expect(throws: DiagnosticError.self) { try DocumentParser.document("a: 1", file: "p.json") }
        #expect(throws: DiagnosticError.self) { try DocumentParser.document("a: 1", file: "p.txt") }
    }
}
