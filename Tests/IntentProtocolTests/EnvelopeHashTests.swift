import Testing

@testable import IntentProtocol

@Suite("Envelope hash")
struct EnvelopeHashTests {
    @Test("canonical form and hash are Python's")
    func vectors() throws {
        let vectors = try Vectors.cases("envelope_hash")
        #expect(vectors.count == 6)
        for vector in vectors {
            let envelope = try #require(vector["envelope"])
            #expect(text(EnvelopeHash.canonical(envelope)) == vector.text("canonical"), "\(vector.text("id") ?? "")")
            #expect(EnvelopeHash.sha256Hex(of: envelope) == vector.text("sha256"), "\(vector.text("id") ?? "")")
        }
    }

    @Test("control characters, quotes and floats are written as Python writes them")
    func details() throws {
        let value = try JSONValue(parsing: bytes(#"{"b":1e22,"a":"\u0001\n\"\\\u007f/é","\u00e9":-0,"c":[1.50,-0.0]}"#))
        #expect(
            text(EnvelopeHash.canonical(value))
                == #"{"a":"\u0001\n\"\\\u007f/\u00e9","b":1e+22,"c":[1.5,-0.0],"\u00e9":0}"#)
    }
}
