import Foundation
import RedisFixtures
import Testing

@testable import Documents

/// The scanner that counts aliases, before the YAML library of Python, which is the one that Swift's stands on.
@Suite("aliases of YAML")
struct AliasScannerTests {
    private static let stars = (0..<300).map { "*a\($0)" }.joined(separator: " ")

    @Test(
        "stars that are text are no aliases, whatever key stands beside them",
        arguments: [
            "|\n  \(stars)\n  *x : y\n", ">-\n  \(stars)\n", "|2\n   \(stars)\n", "'\(stars) ''*x'\n",
            "\"\(stars) \\\" *x\"\n", "text \(stars)\n  *x\n  \(stars)\n", "1 # \(stars)\n",
            "!!str |\n\n    \(stars)\n", "{ a: text \(stars), b: 1 }\n", "http://a/*x*\n",
        ])
    func text(value: String) throws {
        let root = try DocumentParser.yaml("? a\n: 1\nb: \(value)", file: "f.yaml")
        #expect(root.mapping?.count == 2)
        var scanner = AliasScanner("b: " + value)
        scanner.scan()
        #expect(scanner.aliases == 0)
    }

    @Test(
        "behind text they are aliases again",
        arguments: ["|\n  *x\n", ">\n  *x\n\n", "'*x'\n", "\"*x\"\n", "a *x\n", "1 # *x\n"])
    func behindText(value: String) {
        var scanner = AliasScanner("k: \(value)l: *a\n*b : 1\n- [*c, d]\n")
        scanner.scan()
        #expect(scanner.aliases == 3)
        #expect(scanner.firstKey.map { scanner.text[$0...].prefix(2) } == ["*", "b"])
    }

    @Test("counts what the library counts, and finds its keys, in texts made of all that can stand side by side")
    func library() throws {
        let folder = try PrivateFolder()
        var random = SplitMix64(seed: 0x59_414d_4c)
        let texts = (0..<40_000).map { _ in Self.text(&random) }
        let file = try folder.write("texts.json", String(decoding: try JSONEncoder().encode(texts), as: UTF8.self))
        _ = try PythonPeer.run(Self.oracle, [file, folder.file("seen.json")], in: folder)
        let seen = try JSONDecoder().decode(
            [Seen].self, from: Data(contentsOf: URL(fileURLWithPath: folder.file("seen.json"))))
        var (whole, counted, keys) = (0, 0, 0)
        for (text, seen) in zip(texts, seen) {
            var scanner = AliasScanner(text)
            scanner.scan()
            if seen.isWhole {
                whole += 1
                counted += seen.aliases
                if seen.key != nil { keys += 1 }
                #expect(scanner.aliases == seen.aliases && scanner.firstKey == seen.key, "\(text.debugDescription)")
            } else {
                // Tokens that the library holds back when it finds the error are in our count.
                #expect(scanner.aliases >= seen.aliases, "\(text.debugDescription)")
                if let key = seen.key {
                    #expect(scanner.firstKey.map { $0 <= key } == true, "\(text.debugDescription)")
                }
            }
        }
        #expect(seen.count == texts.count && whole > 800 && counted > 800 && keys > 200, "\(whole) \(counted) \(keys)")
    }

    private struct Seen: Decodable {
        let aliases: Int
        let key: Int?
        let isWhole: Bool
    }

    private static let pieces = [
        "*a", "*b", " *a", "&a ", "&b x", "a", "b: ", "c : ", ": ", ":", "- ", "-", "? ", "[", "]", "{", "}", ", ", ",",
        "|", "|-", "|2", ">", ">+1", " # *a", "#", "'*a'", "'it''s *a", "'", "\"*a\"", "\"\\\"", "!t ", "!<a,b> ",
        "!<t>", "!<t>,*a", "!t,*a", "!,", "{*a", "{[*a]", "--- ", "...", "%", "\t", "é*a", "text *a", "\u{2028}",
        "\r\n",
    ]
    private static let breaks = [
        "\n", "\n", "\n  ", "\n  ", "\n    ", "\n ", "\n\n", "\n- ", "\n  - ", "\nk: ", "\n  k: ",
    ]

    /// Half of what is made are lines that go well together.
    private static func text(_ random: inout SplitMix64) -> String {
        var text = ""
        let pieces =
            random.next() % 2 == 0
            ? Self.pieces : Array(Self.pieces[0..<11]) + [" ", "[*a, b]", "{*a : 1}", "{*a}", "{b, [*a\n ]}", "|"]
        for _ in 0..<(2 + random.next() % 14) {
            let source = random.next() % 5 < 2 ? breaks : pieces
            text += source[Int(random.next() % UInt64(source.count))]
        }
        return text
    }

    /// A key is one by the library's events, where it is an alias or a collection, or by a question mark, which stands nowhere in them.
    private static let oracle = """
        import json, sys, yaml
        from yaml.events import *
        from yaml.tokens import *

        def tokens(text, found):
            for token in yaml.scan(text, Loader=yaml.CLoader):
                if isinstance(token, AliasToken): found["aliases"] += 1
                if isinstance(token, KeyToken) and token.end_mark.index > token.start_mark.index:
                    found["keys"].append(token.start_mark.index)

        def events(text, found):
            levels = []  # one for each open collection: a mapping's number of nodes, None for a sequence
            for event in yaml.parse(text, Loader=yaml.CLoader):
                if isinstance(event, CollectionEndEvent): levels.pop()
                if not isinstance(event, NodeEvent): continue
                if levels and levels[-1] is not None:
                    if levels[-1] % 2 == 0 and not isinstance(event, ScalarEvent):
                        found["keys"].append(event.start_mark.index)
                    levels[-1] += 1
                if isinstance(event, CollectionStartEvent):
                    levels.append(0 if isinstance(event, MappingStartEvent) else None)

        seen = []
        for text in json.load(open(sys.argv[1])):
            found = {"aliases": 0, "keys": []}
            whole = True
            for read in (tokens, events):
                try: read(text, found)
                except yaml.YAMLError: whole = False
            seen.append({"aliases": found["aliases"], "key": min(found["keys"], default=None), "isWhole": whole})
        json.dump(seen, open(sys.argv[2], "w"))
        """
}
