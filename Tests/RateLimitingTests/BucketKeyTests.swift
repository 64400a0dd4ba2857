import RateLimiting
import Testing

@Suite("Bucket keys")
struct BucketKeyTests {
    @Test(
        "SipHash-2-4-128 gives the reference results",
        arguments: [
            (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
            (2, "8177228da4a45dc7fca38bdef60affe4"), (15, "5493e99933b0a8117e08ec0f97cfc3d9"),
        ])
    func reference(length: Int, expected: String) {
        var hash = SipHash128(key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
        let message = (0..<length).map { UInt8($0) }
        let result = message.withUnsafeBytes { bytes in
            if length >= 8 { hash.absorb(bytes.loadUnaligned(as: UInt64.self).littleEndian) }
            return hash.finish(tail: UnsafeRawBufferPointer(rebasing: bytes[(length / 8 * 8)...]))
        }
        #expect(hex(result.0) + hex(result.1) == expected)
    }

    @Test("S21: no two different tuples share a key: parts have their length in front")
    func tuples() {
        let hasher = BucketKeyHasher(secret: (1, 2))
        let one = hasher.prepare(RateLimit(name: "a", ratePerMinute: 1))
        let two = hasher.prepare(RateLimit(name: "a_b", ratePerMinute: 1))
        let keys: [BucketKey] = [
            one.demand(on: "b_c").key, two.demand(on: "c").key, one.demand(on: "").key, two.demand(on: "").key,
            one.demand(onFields: ["t:u", "v"]).key, one.demand(onFields: ["t", "u:v"]).key,
            one.demand(on: "x").key, one.demand(on: "x\0").key, one.demand(onFields: ["x", ""]).key,
            one.demand(on: "e\u{301}").key, one.demand(on: "\u{e9}").key,
        ]
        #expect(Set(keys).count == keys.count)
    }

    @Test("S21: the same key text under another process secret is another key")
    func keyed() {
        let limit = RateLimit(name: "a", ratePerMinute: 1)
        let one = BucketKeyHasher(secret: (1, 2)).prepare(limit)
        let two = BucketKeyHasher(secret: (1, 3)).prepare(limit)
        #expect(one.demand(on: "k").key != two.demand(on: "k").key)
        #expect(one.demand(on: "k").key == one.demand(onFields: ["k"]).key)
    }

    @Test("S21: names of shared buckets tell every tuple from every other, whatever bytes the fields hold")
    func names() {
        func name(_ limit: String, _ fields: [String]) -> String {
            String(decoding: BucketName(limit: limit, fields: fields).bytes, as: UTF8.self)
        }
        #expect(name("tenant", ["acme"]) == "6:tenant4:acme")
        #expect(name("a", ["b", "c:d"]) == "1:a1:b3:c:d" && name("a", ["b:c", "d"]) == "1:a3:b:c1:d")
        #expect(name("a", []) == "1:a" && name("a", [""]) == "1:a0:" && name("a", ["é{}"]) == "1:a4:é{}")
    }

    private func hex(_ word: UInt64) -> String {
        withUnsafeBytes(of: word.littleEndian) { bytes in
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }
}
