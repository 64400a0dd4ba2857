import Foundation
import GatewayConfiguration
import RedisFixtures
import Testing

/// Commands and configuration that README and guides show without a place to run them.
@Suite("Commands and configuration in README and guides")
struct MentionTests {
    /// How an entry of the audit log begins in syslog.
    private static let notTyped: Set = ["intentusnet audit 1 NODE"]

    @Test("every line of the command uses subcommands and options that it has")
    func commands() throws {
        let tree = try CommandTree.read()
        var seen = 0
        for page in try Project.pages {
            let typed = page.commands.flatMap { $0.words.split(separator: "|") }.map { String($0).trimmed }
            for line in page.spans + typed where line.hasPrefix("intentusnet ") && !Self.notTyped.contains(line) {
                seen += 1
                if let fault = tree.fault(of: line) { Issue.record("\(page.name): \(line): \(fault)") }
            }
        }
        #expect(seen > 60, "only \(seen) lines were found: does this test still read the pages?")
    }

    @Test(
        "a line that the program does not take is found",
        arguments: [
            "intentusnet serve --config FILE", "intentusnet gateway --configuration FILE", "intentusnet emcl forge",
            "intentusnet nodes all", "intentusnet send A --gateway U --ring r",
        ])
    func wrongCommands(line: String) throws {
        #expect(try CommandTree.read().fault(of: line) != nil)
    }

    @Test("every target of make that is named is there")
    func targets() throws {
        let makefile = try String(contentsOf: Project.root.appending(path: "Makefile"), encoding: .utf8)
        let targets = Set(makefile.matches(of: #/(?m)^([a-z]+):/#).map { String($0.1) })
        for page in try Project.pages {
            for span in page.spans {
                guard let name = span.wholeMatch(of: #/make ([a-z]+)/#)?.1 else { continue }
                #expect(targets.contains(String(name)), "\(page.name): \(span)")
            }
        }
    }

    /// Sections that a page shows stand on those of the README's first file.
    @Test("every section of gateway.yaml in README and guides is read without an error")
    func configuration() throws {
        let whole = try #require(try Project.readme.blocks("yaml").first { $0.text.contains("issuers:") }?.text)
        #expect(errors(whole).isEmpty, "\(errors(whole))")
        let base = sections(whole)
        let known = Set(GatewayConfiguration.reference.map { String($0.path.prefix { $0.isLetter }) })
        var seen = 0
        for page in try Project.pages {
            for block in page.blocks("yaml") {
                let own = sections(block.text)
                guard !own.isEmpty, own.allSatisfy({ known.contains($0.key) }) else { continue }
                seen += 1
                let names = Set(own.map(\.key))
                let text = (base.filter { !names.contains($0.key) } + own).map(\.text).joined()
                #expect(errors(text).isEmpty, "\(page.name):\(block.line): \(errors(text))")
            }
        }
        #expect(seen >= 10, "only \(seen) blocks were found: does this test still read the pages?")
    }

    private func errors(_ text: String) -> [String] {
        GatewayConfiguration.read(text, file: "gateway.yaml").errors.map { "\($0)" }
    }

    /// The text of a mapping, cut at its keys.
    private func sections(_ text: String) -> [(key: String, text: String)] {
        var found: [(key: String, text: String)] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let key = line.prefixMatch(of: #/([A-Za-z]+):/#)?.1 {
                found.append((String(key), line + "\n"))
            } else if !found.isEmpty {
                found[found.count - 1].text += line + "\n"
            } else if !line.isEmpty, !line.hasPrefix("#") {
                return []
            }
        }
        return found
    }
}
