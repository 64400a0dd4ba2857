import Authorization
import Testing

@Suite("Normalisation of paths")
struct PathNormalizationTests {
    @Test(
        "each option gives its own form of a path",
        arguments: [
            ("/", "/", "/", "/"), ("/a/b?c=/../d", "/a/b", "/a/b", "/a/b"), ("/a/./b", "/a/b", "/a/b", "/a/b"),
            ("/a/../b", "/b", "/b", "/b"), ("/../../b", "/b", "/b", "/b"), ("/a/..", "/", "/", "/"),
            ("/a/.", "/a/", "/a/", "/a/"), ("/a/...", "/a/...", "/a/...", "/a/..."), ("/.a", "/.a", "/.a", "/.a"),
            ("/a/%2e%2E/b", "/b", "/b", "/b"), ("/%61%7e%2D", "/a~-", "/a~-", "/a~-"),
            ("/a%2Fb", "/a%2Fb", "/a%2Fb", "/a/b"), ("/a%2f..%2fb", "/a%2f..%2fb", "/a%2f..%2fb", "/b"),
            ("/a%5Cb", "/a%5Cb", "/a%5Cb", "/a/b"), ("/a\\b", "/a/b", "/a/b", "/a/b"),
            ("/a\\..\\b", "/b", "/b", "/b"), ("//a///b", "//a///b", "/a/b", "/a/b"),
            ("/a//../b", "/a/b", "/a/b", "/a/b"),
            ("/%252e%252e/a", "/%252e%252e/a", "/%252e%252e/a", "/%252e%252e/a"),
            ("/%252Fa", "/%252Fa", "/%252Fa", "/%252Fa"), ("/a%2", "/a%2", "/a%2", "/a%2"),
            ("/a%zz", "/a%zz", "/a%zz", "/a%zz"),
            ("/a%20b", "/a%20b", "/a%20b", "/a%20b"), ("/a/", "/a/", "/a/", "/a/"), ("/.", "/", "/", "/"),
            ("/..", "/", "/", "/"),
            ("/a%2F%2Fb", "/a%2F%2Fb", "/a%2F%2Fb", "/a/b"), ("/?x", "/", "/", "/"),
            ("/a;b=../c", "/a;b=../c", "/a;b=../c", "/a;b=../c"),
            // Decoding makes no escape that was not there.
            ("/%2%61", "/%252a", "/%252a", "/%252a"), ("/%%30%30", "/%2500", "/%2500", "/%2500"),
            ("/%6%31", "/%2561", "/%2561", "/%2561"), ("/%%2%61", "/%%252a", "/%%252a", "/%%252a"),
            ("/%%2e", "/%.", "/%.", "/%."), ("/%2%66a", "/%252fa", "/%252fa", "/%252fa"),
            ("/a/..;x\\b/c", "/c", "/c", "/c"),
            // Parameters do not hide a dot segment from a policy, whatever it is written with.
            ("/a/..;/b", "/b", "/b", "/b"), ("/a/..;x=1/b", "/b", "/b", "/b"), ("/a/.;x/b", "/a/b", "/a/b", "/a/b"),
            ("/a/..;", "/", "/", "/"), ("/a/.;", "/a/", "/a/", "/a/"), ("/a/%2e%2E;/b", "/b", "/b", "/b"),
            ("/a\\..;\\b", "/b", "/b", "/b"), ("/a/...;/b", "/a/...;/b", "/a/...;/b", "/a/...;/b"),
            ("/a/..%3B/b", "/a/..%3B/b", "/a/..%3B/b", "/a/..%3B/b"), ("/a;x/../b", "/b", "/b", "/b"),
        ])
    func options(target: String, base: String, merged: String, decoded: String) {
        #expect(normalized(target, .base) == base)
        #expect(normalized(target, .mergeSlashes) == merged)
        #expect(normalized(target, .decodeAndMergeSlashes) == decoded)
        #expect(normalized(target, .none) == String(target.prefix { $0 != "?" }))
    }

    @Test(
        "targets at which servers disagree are refused under every option",
        arguments: [
            ("", PathFault.noLeadingSlash), ("a", .noLeadingSlash), ("*", .noLeadingSlash),
            ("http://h/a", .noLeadingSlash), ("/a#b", .fragment), ("/a?b#c", .fragment), ("/a%00", .encodedZero),
            ("/a\0", .encodedZero), ("?/a", .noLeadingSlash),
        ])
    func refused(target: String, fault: PathFault) throws {
        #expect(fault.rawValue.allSatisfy { $0.isLowercase || $0 == "_" }, "a stable name for metrics")
        for option in PathNormalization.allCases {
            #expect(option.normalize(Array(target.utf8)[...]) == .refused(fault), "\(option)")
        }
        let decision = try compile(resource("rules: [{}]")).evaluate(request(target))
        #expect(decision.reason == .unservablePath(fault))
        #expect(!decision.isAllowed)
    }

    @Test("a normalised path stays as it is when normalised again, and holds no dot segment", arguments: 1...20)
    func idempotent(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let pieces = [
            "/", "//", "/.", "/..", "\\", "%2e", "%2E", "%2f", "%5C", "%25", "a", "b", ".", "%61", "é", "%", ";",
        ]
        for _ in 0..<500 {
            let target =
                "/"
                + (0..<Int.random(in: 0...12, using: &generator))
                .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            for option in [PathNormalization.base, .mergeSlashes] {
                let once = normalized(target, option)
                #expect(normalized(once, option) == once, "\(target)")
                #expect(once.hasPrefix("/"))
                #expect(!once.split(separator: "/").contains { $0 == "." || $0 == ".." }, "\(target) → \(once)")
                if option == .mergeSlashes { #expect(!once.contains("//")) }
            }
            let decoded = normalized(target, .decodeAndMergeSlashes)
            #expect(!decoded.split(separator: "/").contains { $0 == "." || $0 == ".." }, "\(target) → \(decoded)")
        }
    }

    private func normalized(_ target: String, _ option: PathNormalization) -> String {
        switch option.normalize(Array(target.utf8)[...]) {
        case .path(let path): String(decoding: path, as: UTF8.self)
        case .refused(let fault): fault.rawValue
        }
    }
}
