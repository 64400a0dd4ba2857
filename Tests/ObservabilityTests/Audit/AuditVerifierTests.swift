import Crypto
import Foundation
import Testing

@testable import Observability

@Suite("Audit verification")
struct AuditVerifierTests {
    @Test("a whole log is whole, and its end is told")
    func whole() async throws {
        let log = await ChainFixture()
        let result = AuditVerifier.verify(log.text)
        #expect(result.isWhole, "\(result.findings)")
        let chain = try #require(result.chains.first)
        #expect(result.chains.count == 1)
        #expect((chain.node, chain.firstSequence, chain.lastSequence) == ("gw-1", 1, 7))
        #expect((chain.records, chain.end, chain.isKeyed) == (7, .closed, true))
        #expect(chain.lastPlace.description == "a:7")
        #expect(log.lines.last?.hasSuffix("\"hash\":\"\(chain.lastHash.hex)\"}") == true)
    }

    @Test("the hash is HMAC-SHA256 under the chain's own key, as the guide says")
    func independent() async throws {
        let log = await ChainFixture()
        let secret = SymmetricKey(data: Array("a key of a node, at least 32 bytes long".utf8))
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: secret, salt: Array("0000000000000001".utf8),
            info: Array("intentusnet audit 1 gw-1".utf8),
            outputByteCount: 32)
        var previous = Data(repeating: 0, count: 32)
        for line in log.lines {
            let cut = try #require(line.range(of: #","hash":""#))
            let code = HMAC<SHA256>.authenticationCode(for: previous + Data(line[..<cut.lowerBound].utf8), using: key)
            let hex = code.map { String(format: "%02x", $0) }.joined()
            #expect(line.hasSuffix(hex + "\"}"))
            previous = Data(code)
        }
    }

    @Test("every byte that is changed is found on its line", arguments: [0, 1, 3, 6])
    func changedBytes(index: Int) async throws {
        let log = await ChainFixture()
        let bytes = Array(log.lines[index].utf8)
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1
            guard changed[place] != UInt8(ascii: "\n") else { continue }
            var text = ""
            for (number, line) in log.lines.enumerated() {
                text += (number == index ? String(decoding: changed, as: UTF8.self) : line) + "\n"
            }
            let result = AuditVerifier.verify(text)
            #expect(!result.isWhole, "byte \(place) of line \(index + 1)")
            #expect(
                result.problems.contains {
                    $0.hasSuffix("a:\(index + 1)") || $0.hasSuffix("a:\(index + 2)") || $0.hasPrefix("key")
                        || $0.hasSuffix("a:1")
                },
                "byte \(place): \(result.problems)")
        }
    }

    @Test("a changed record alone is reported, and what follows is not")
    func localized() async {
        var log = await ChainFixture()
        log.lines[3] = log.lines[3].replacingOccurrences(of: "user 2", with: "user 9")
        #expect(AuditVerifier.verify(log.text).problems == ["changed a:4"])
        var other = await ChainFixture()
        let end = other.lines[3].index(other.lines[3].endIndex, offsetBy: -3)
        let digit = other.lines[3][end] == "0" ? "1" : "0"
        other.lines[3].replaceSubrange(end...end, with: digit)
        #expect(AuditVerifier.verify(other.text).problems == ["changed a:4"])
    }

    @Test("a removed record is missing behind the one before it", arguments: 1...5)
    func removed(index: Int) async {
        var log = await ChainFixture()
        log.lines.remove(at: index)
        #expect(AuditVerifier.verify(log.text).problems == ["missing a:\(index + 1)"])
    }

    @Test("the first record that is removed is missing")
    func removedFirst() async {
        var log = await ChainFixture()
        log.lines.removeFirst()
        #expect(AuditVerifier.verify(log.text).problems.contains("missing a:1"))
    }

    @Test("records that change places are out of order")
    func reordered() async {
        var log = await ChainFixture()
        log.lines.swapAt(2, 3)
        #expect(AuditVerifier.verify(log.text).problems == ["order a:4"])
    }

    @Test("a record that stands twice is found", arguments: [0, 2, 6])
    func repeated(index: Int) async {
        var log = await ChainFixture()
        log.lines.insert(log.lines[index], at: index)
        #expect(AuditVerifier.verify(log.text).problems.contains("repeated a:\(index + 2)"))
        var far = await ChainFixture()
        far.lines.append(far.lines[1])
        #expect(AuditVerifier.verify(far.text).problems.contains("order a:8"))
    }

    @Test("an end that was cut off is open, at whichever line")
    func cutAtLine() async {
        for count in 1..<7 {
            var log = await ChainFixture()
            log.lines = Array(log.lines[..<count])
            let result = AuditVerifier.verify(log.text)
            #expect(result.problems == ["open a:\(count)"])
            #expect(AuditVerifier.verify(log.text, mayBeOpen: true).isWhole)
        }
    }

    @Test("an end that was cut within a record is told with the last whole one")
    func cutWithinLine() async {
        let log = await ChainFixture()
        let last = log.lines[4].utf8.count
        for cut in [1, 20, last / 2, last - 1, last] {
            let text = log.lines[..<4].map { $0 + "\n" }.joined() + log.lines[4].prefix(cut)
            let result = AuditVerifier.verify(text, mayBeOpen: true)
            #expect(result.problems == ["truncated a:5"])
            #expect(result.findings[0].message.contains("the last complete record is on line 4"))
            #expect(result.chains.first?.lastSequence == 4)
        }
    }

    @Test("lines of another node do not pass")
    func splice() async {
        var log = await ChainFixture()
        let other = await ChainFixture(node: "gw-2", chain: 2)
        log.lines[3] = other.lines[3]
        let problems = AuditVerifier.verify(log.text).problems
        #expect(problems.contains("missing a:5"))
        #expect(problems.contains("missing a:4"))
        var renamed = await ChainFixture()
        renamed.lines = renamed.lines.map { $0.replacingOccurrences(of: "gw-1", with: "gw-2") }
        #expect(!AuditVerifier.verify(renamed.text).isWhole)
        var rechained = await ChainFixture()
        rechained.lines = rechained.lines.map {
            $0.replacingOccurrences(of: "0000000000000001", with: "0000000000000002")
        }
        #expect(!AuditVerifier.verify(rechained.text).isWhole)
    }

    @Test("what is no record is told")
    func strange() async {
        var log = await ChainFixture()
        log.lines.insert("hello", at: 2)
        #expect(AuditVerifier.verify(log.text).problems == ["not_a_record a:3"])
        log.lines[2] = String(repeating: "x", count: 100_000)
        #expect(AuditVerifier.verify(log.text).problems == ["not_a_record a:3"])
    }

    @Test("another key, no key and a chain without one are told apart")
    func keys() async {
        let log = await ChainFixture()
        let other = AuditKey(Array("another key, of at least 32 bytes too".utf8))
        #expect(AuditVerifier.verify(log.text, keys: []).problems == ["key a:1"])
        #expect(AuditVerifier.verify(log.text, keys: [other].compactMap { $0 }).problems == ["key a:1"])
        #expect(AuditVerifier.verify(log.text, keys: [other, ChainFixture.key].compactMap { $0 }).isWhole)
        let plain = await ChainFixture(key: nil)
        #expect(AuditVerifier.verify(plain.text).problems == ["key a:1"])
        let result = AuditVerifier.verify(plain.text, keys: [])
        #expect(result.isWhole && result.chains.first?.isKeyed == false)
        #expect(AuditKey(Array("short".utf8)) == nil)
    }

    @Test("files of one chain are proven in any order")
    func files() async {
        let log = await ChainFixture(records: 9, newFileAt: 4)
        let cut = log.lines.firstIndex { $0.contains("audit_continue") } ?? 0
        let (first, second) = (log.lines[..<cut], log.lines[cut...])
        let a = first.map { $0 + "\n" }.joined()
        let b = second.map { $0 + "\n" }.joined()
        #expect(cut > 0)
        #expect(AuditVerifier.verify(a, b).isWhole)
        #expect(AuditVerifier.verify(b, a).isWhole)
        // The second alone is proven from the hash that it begins with, and the reader is told.
        let alone = AuditVerifier.verify(b)
        #expect(alone.isWhole && alone.notes.contains { $0.contains("the file before it was not given") })
        // The first alone is open, and a file that lost its end is not followed by the second.
        #expect(AuditVerifier.verify(a).problems == ["open a:\(cut)"])
        let shorter = first.dropLast().map { $0 + "\n" }.joined()
        #expect(AuditVerifier.verify(shorter, b).problems == ["missing b:1"])
        // A cut where no file was begun needs both.
        let c = log.lines[..<3].map { $0 + "\n" }.joined()
        let d = log.lines[3...].map { $0 + "\n" }.joined()
        #expect(AuditVerifier.verify(d, c).isWhole)
        #expect(AuditVerifier.verify(d).problems.contains("missing a:1"))
    }

    @Test("a next chain closes the one that a crash has ended, and shows what is missing of it")
    func restart() async {
        let first = await ChainFixture(isClosed: false)
        let second = await ChainFixture(chain: 2, after: first.link)
        let result = AuditVerifier.verify(first.text + second.text)
        #expect(result.isWhole, "\(result.findings)")
        #expect(result.chains.map(\.end) == [.continued, .closed])
        let shorter = first.lines.dropLast().map { $0 + "\n" }.joined()
        #expect(AuditVerifier.verify(shorter + second.text).problems.contains { $0.hasPrefix("missing") })
        let third = await ChainFixture(chain: 3, after: second.link)
        #expect(AuditVerifier.verify(first.text, third.text).problems.contains { $0.hasPrefix("missing b:1") })
    }

    @Test("what a crash has cut is told by the next chain, and not excused without")
    func torn() async {
        let first = await ChainFixture(isClosed: false)
        var link = first.link
        let rest = String(first.lines[3].prefix(50))
        link?.tornBytes = 51
        let second = await ChainFixture(chain: 2, after: link)
        let result = AuditVerifier.verify(first.text + rest + "\n" + second.text)
        #expect(result.isWhole, "\(result.findings)")
        #expect(result.notes.contains { $0.contains("51 bytes") })
        let longer = AuditVerifier.verify(first.text + rest + "x\n" + second.text)
        #expect(longer.problems.contains("not_a_record a:7"))
    }

    @Test("a stream may hold the records of several nodes")
    func stream() async {
        let (one, two) = (await ChainFixture(), await ChainFixture(node: "gw-2", chain: 2))
        let mixed = zip(one.lines, two.lines).flatMap { [$0, $1] }.map { $0 + "\n" }.joined()
        let result = AuditVerifier.verify(mixed)
        #expect(result.isWhole && result.chains.count == 2)
    }

    @Test("the end of a file is found as a restart needs it")
    func links() async throws {
        let log = await ChainFixture(isClosed: false)
        let link = try #require(AuditLink(endOf: Array((log.text + "torn").utf8)))
        #expect((link.sequence, link.isClosed, link.tornBytes) == (6, false, 4))
        #expect(AuditLink(endOf: Array("nothing\n".utf8)) == nil)
        #expect(AuditLink(endOf: []) == nil)
        let closed = await ChainFixture()
        #expect(closed.link?.isClosed == true)
        let after = AuditLink(endOf: Array((log.text + "torn\n").utf8))
        #expect(after?.tornBytes == 5)
    }
}
