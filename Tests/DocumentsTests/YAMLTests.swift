import Documents
import Testing

@Suite("YAML documents")
struct YAMLTests {
    @Test(
        "plain scalars resolve by the core schema of YAML 1.2",
        arguments: [
            ("~", "null"), ("null", "null"), ("NULL", "null"), ("", "null"), ("nULL", "\"nULL\""),
            ("true", "boolean true"), ("False", "boolean False"), ("yes", "\"yes\""), ("off", "\"off\""),
            ("0", "integer 0"), ("-17", "integer -17"), ("+3", "integer +3"), ("0x1F", "integer 0x1F"),
            ("0o17", "integer 0o17"), ("0o8", "\"0o8\""), ("0x", "\"0x\""), ("007", "integer 007"),
            ("1.0", "float 1.0"), ("1e16", "float 1e16"), (".5", "float .5"), ("1.", "float 1."),
            ("-.inf", "float -.inf"),
            (".nan", "float .nan"), ("-.nan", "\"-.nan\""), (".", "\".\""), ("e5", "\"e5\""), ("-", "[null]"),
            ("1.2.3", "\"1.2.3\""), ("1_000", "\"1_000\""), ("12:30", "\"12:30\""), ("1e", "\"1e\""),
            ("'1'", "\"1\""), ("\"true\"", "\"true\""), ("|\n  1\n", "\"1\n\""), ("!!str 1", "\"1\""), ("! 1", "\"1\""),
        ])
    func scalars(text: String, sketch: String) throws {
        #expect(try DocumentParser.yaml(text, file: "f.yaml").sketch == sketch)
    }

    @Test("values know their line and column")
    func places() throws {
        let root = try DocumentParser.yaml("a:\n  bé: [x, {c: 1}]\n  ü: y\n", file: "f.yaml")
        let inner = try #require(root["a"])
        #expect(inner.location == SourceLocation(file: "f.yaml", line: 2, column: 3))
        #expect(inner["bé"]?.sequence?[1]["c"]?.location.description == "f.yaml:2:15")
        #expect(inner.mapping?[1].keyLocation.description == "f.yaml:3:3")
        #expect(inner.mapping?[1].value.location.description == "f.yaml:3:6")
    }

    @Test("aliases stand for what their anchor names")
    func aliases() throws {
        let root = try DocumentParser.yaml("a: &x [1, two]\nb: *x\n", file: "f.yaml")
        #expect(root.sketch == "{a: [integer 1, \"two\"], b: [integer 1, \"two\"]}")
    }

    @Test("a byte order mark and comments are skipped, an empty text is null")
    func marginalia() throws {
        #expect(try DocumentParser.yaml("\u{feff}a: 1 # one\n", file: "f.yaml").sketch == "{a: integer 1}")
        #expect(try DocumentParser.yaml("# nothing\n", file: "f.yaml").isNull)
        #expect(try DocumentParser.yaml("---\n...\n", file: "f.yaml").isNull)
    }

    @Test(
        "refuses with the place",
        arguments: [
            (
                "a: 1\nb: 2\na: 3\n",
                ["f.yaml:1:1: error: key 'a' is given more than once in one mapping; this is the first"]
            ),
            ("a: 1\n---\nb: 2\n", ["f.yaml:2:1: error: a second YAML document starts here; a file holds one"]),
            (
                "1: a\ntrue: b\n~: c\n",
                [
                    "f.yaml:1:1: error: a key must be a string, found the integer 1; put it in quotes",
                    "f.yaml:2:1: error: a key must be a string, found the boolean true; put it in quotes",
                    "f.yaml:3:1: error: a key must be a string, found null; put it in quotes",
                ]
            ),
            ("? [a]\n: b\n", ["f.yaml:1:3: error: a key must be a string, not a list or a mapping"]),
            (
                "a: &x {b: 1}\nc:\n  <<: *x\n",
                ["f.yaml:3:3: error: merge keys ('<<') are not supported; write the keys out"]
            ),
            ("a: !secret x\n", ["f.yaml:1:4: error: YAML tags such as '!secret' are not supported"]),
            ("a: !!int '1'\n", ["f.yaml:1:4: error: YAML tags such as 'tag:yaml.org,2002:int' are not supported"]),
            ("a: !!set {x}\n", ["f.yaml:1:4: error: YAML tags such as 'tag:yaml.org,2002:set' are not supported"]),
            ("a: *nobody\n", ["f.yaml:1:4: error: not valid YAML: found undefined alias"]),
            ("a: &x [*x]\n", ["f.yaml:1:8: error: not valid YAML: found undefined alias"]),
            (
                "a:\n\tb: 1\n",
                [
                    "f.yaml:2:1: error: not valid YAML: found character that cannot start any token "
                        + "(while scanning for the next token, from line 2); YAML is indented by spaces, and this line "
                        + "begins with a tab"
                ]
            ),
            (
                "a: [1, 2\nb: 3\n",
                [
                    "f.yaml:2:2: error: not valid YAML: did not find expected ',' or ']' (while parsing a flow sequence, from line 1)"
                ]
            ),
            ("a: b: c\n", ["f.yaml:1:5: error: not valid YAML: mapping values are not allowed in this context"]),
            ("a: 1\nb: \u{1}\n", ["f.yaml:2:4: error: not valid YAML: control characters are not allowed"]),
        ])
    func refuses(text: String, messages: [String]) {
        #expect(faults(yaml: text) == messages)
    }
}
