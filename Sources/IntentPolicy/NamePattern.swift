/// A pattern over a whole name, compiled: the common forms are one comparison.
package struct NamePattern: Sendable {
    private enum Form: Sendable {
        case any
        case equal
        case prefix
        case suffix
        case contains
        case general
    }

    private let form: Form
    /// The text without its outer stars, or the whole pattern of the general form.
    private let bytes: [UInt8]

    /// - Parameter isGlob: whether `*` stands for any run of characters.
    package init(_ pattern: String, isGlob: Bool = true) {
        let all = Array(pattern.utf8)
        let star = UInt8(ascii: "*")
        guard isGlob, all.contains(star) else {
            form = .equal
            bytes = all
            return
        }
        let core = all.drop { $0 == star }
        let leads = core.count < all.count
        var end = core.endIndex
        while end > core.startIndex, core[end - 1] == star { end -= 1 }
        let trails = end < core.endIndex
        let inner = core[..<end]
        if inner.isEmpty {
            form = .any
        } else if inner.contains(star) {
            form = .general
        } else {
            form = leads ? (trails ? .contains : .suffix) : .prefix
        }
        bytes = form == .general ? all : Array(inner)
    }

    /// Whether it also matches an absent name: the bare star does.
    var matchesAbsent: Bool {
        switch form {
        case .any: true
        case .equal, .prefix, .suffix, .contains, .general: false
        }
    }

    /// Whether the whole name fits.
    package func matches(_ name: String) -> Bool {
        let viewed = name.utf8.withContiguousStorageIfAvailable { matches(UnsafeBufferPointer(rebasing: $0[...])) }
        return viewed ?? Array(name.utf8).withUnsafeBufferPointer { matches($0) }
    }

    private func matches(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        switch form {
        case .any: true
        case .equal: name.count == bytes.count && name.elementsEqual(bytes)
        case .prefix: name.starts(with: bytes)
        case .suffix: name.count >= bytes.count && name.suffix(bytes.count).elementsEqual(bytes)
        case .contains: contains(name)
        case .general: general(name)
        }
    }

    private func contains(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard name.count >= bytes.count else { return false }
        return (0...(name.count - bytes.count)).contains { start in
            name[start..<(start + bytes.count)].elementsEqual(bytes)
        }
    }

    private func general(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        var at = 0
        var index = 0
        var star: (pattern: Int, name: Int)?
        while index < name.count {
            if at < bytes.count, bytes[at] == UInt8(ascii: "*") {
                star = (at, index)
                at += 1
            } else if at < bytes.count, bytes[at] == name[index] {
                at += 1
                index += 1
            } else if let last = star {
                at = last.pattern + 1
                index = last.name + 1
                star = (last.pattern, index)
            } else {
                return false
            }
        }
        return bytes[at...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

/// A list of patterns of which one must match; nil in a rule's place means any.
struct NamePatterns: Sendable {
    private let patterns: [NamePattern]
    let matchesAbsent: Bool

    init(_ patterns: [String], isGlob: Bool) {
        self.patterns = patterns.map { NamePattern($0, isGlob: isGlob) }
        matchesAbsent = self.patterns.contains(where: \.matchesAbsent)
    }

    /// Whether the bare star is among them, so that nothing needs to be looked at.
    var matchesEverything: Bool { matchesAbsent }

    func matches(_ name: String?) -> Bool {
        guard let name else { return matchesAbsent }
        return patterns.contains { $0.matches(name) }
    }

    func matchesAny(of names: [String]) -> Bool {
        guard !names.isEmpty else { return matchesAbsent }
        return names.contains { name in patterns.contains { $0.matches(name) } }
    }
}
