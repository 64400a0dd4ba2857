import Foundation
import Testing

@testable import IntentProtocol

@Suite("Node signatures")
struct NodeSignatureTests {
    @Test("the Python package's signatures come out byte for byte")
    func vectors() throws {
        let cases = try Vectors.cases("node_sign")
        #expect(cases.count == 20)
        for example in cases {
            let body = try #require(example.text("bodyBase64").flatMap { Data(base64Encoded: $0) })
            guard case .number(let now) = example["now"] else {
                Issue.record("a case without a time")
                continue
            }
            let signature = NodeSignature(
                signing: body, nodeId: try #require(example.text("nodeId")),
                secret: Secret(try #require(example.text("sharedSecret"))), unixSeconds: Int64(now.double))
            let headers = try #require(example["headers"]?.objectValue)
            #expect(signature.nodeId == headers.text(NodeSignature.Header.nodeId))
            #expect(signature.timestamp == headers.text(NodeSignature.Header.timestamp))
            #expect(signature.signature == headers.text(NodeSignature.Header.signature))
        }
    }

    @Test("hex digits are read in lower case alone")
    func digits() {
        #expect(HexDigits.text(of: [0, 0x0F, 0xA9]) == "000fa9")
        #expect(HexDigits.bytes(of: "000fa9".utf8) == [0, 0x0F, 0xA9])
        for text in ["0", "0G", "0F", " 0", "0x", "é"] { #expect(HexDigits.bytes(of: text.utf8) == nil, "\(text)") }
    }
}
