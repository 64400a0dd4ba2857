import IntentProtocol
import Testing

@testable import Encryption

@Suite("HMAC demonstration")
struct HMACDemonstrationTests {
    private func provider(_ key: String) throws -> HMACDemonstration {
        let development = try #require(DevelopmentSwitch(isOn: true))
        return try #require(HMACDemonstration(key: Secret(key), development))
    }

    @Test("is not to be had without the switch, nor with an empty key")
    func development() throws {
        #expect(DevelopmentSwitch(isOn: false) == nil)
        let development = try #require(DevelopmentSwitch(isOn: true))
        #expect(HMACDemonstration(key: Secret(""), development) == nil)
        let provider = try provider("s3cret")
        #expect(!"\(provider) \(String(reflecting: provider))".contains("s3cret"))
    }

    @Test("writes what the package writes")
    func encrypted() throws {
        for vector in try Vectors.cases("emcl_hmac_encrypt") {
            let envelope = try vector.object("envelope")
            let plaintext = Array(try vector.text("plaintextJSON").utf8)
            let provider = try provider(vector.text("key"))
            let body = try provider.seal(plaintext, iv: envelope.text("iv"))
            #expect(try JSONValue(parsing: body) == .object(envelope))
            #expect(try provider.open(SealedFrame(parsingBody: body, bytesMax: 1 << 20)) == plaintext)
        }
    }

    @Test("decides as the package does")
    func decrypted() throws {
        for vector in try Vectors.cases("emcl_hmac_decrypt") {
            let name = try vector.text("id")
            let isTaken = try vector.object("result")["ok"] == .bool(true)
            let frame = try SealedFrame(parsingBody: vector.object("envelope").encoded, bytesMax: 1 << 20)
            let opened = try? provider(vector.text("key")).open(frame)
            #expect((opened != nil) == isTaken, "\(name)")
        }
    }

    @Test("refuses white space before the object, which the package takes")
    func boundaryShift() throws {
        let provider = try provider("secret")
        // The code is over `iv` and `cipherText` without anything between: a space may belong to either.
        let body = String(decoding: provider.seal(Array("{}".utf8), iv: "n "), as: UTF8.self)
        let shifted = body.replacing("\"{}\",\"iv\":\"n \"", with: "\" {}\",\"iv\":\"n\"")
        #expect(shifted != body)
        let frame = try SealedFrame(parsingBody: Array(shifted.utf8), bytesMax: 1 << 20)
        #expect(throws: EMCLFailure(.notAnObject)) { try provider.open(frame) }
    }
}
