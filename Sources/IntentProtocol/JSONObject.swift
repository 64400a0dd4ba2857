/// A JSON object: members in the order they came, each key once.
///
/// Keys are compared code point by code point, so `é` written as one character and as two are different keys, as they
/// are for every JSON parser.
public struct JSONObject: Sendable {
    /// One key with its value.
    public struct Member: Sendable {
        /// The decoded key.
        public var key: String
        /// What stands under it.
        public var value: JSONValue

        /// Makes a member.
        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// The members in order.
    public private(set) var members: [Member]

    /// Makes an empty object.
    public init() {
        members = []
    }

    /// Takes members whose keys are known to differ.
    init(distinct members: [Member]) {
        self.members = members
    }

    /// How many members there are.
    public var count: Int { members.count }

    /// Whether there is no member.
    public var isEmpty: Bool { members.isEmpty }

    /// The value under a key; setting nil removes the member, a new key goes to the end.
    public subscript(key: String) -> JSONValue? {
        get { index(of: key).map { members[$0].value } }
        set {
            switch (index(of: key), newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    private func index(of key: String) -> Int? {
        members.firstIndex { $0.key.isIdentical(to: key) }
    }

    /// Appends the object as compact JSON; non-ASCII is not escaped.
    public func appendEncoded(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        for member in members {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            bytes.append(quoting: member.key)
            bytes.append(UInt8(ascii: ":"))
            member.value.appendEncoded(to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Makes an object from a literal; of two equal keys the later one stays.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init()
        for (key, value) in elements { self[key] = value }
    }
}

extension JSONObject: Sequence {
    /// Iterates over the members in order.
    public func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
}

extension JSONObject: Equatable {
    /// Whether both have the same members, in whatever order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        let isSameOrder = zip(left.members, right.members).allSatisfy { $0.key.isIdentical(to: $1.key) }
        if isSameOrder { return zip(left.members, right.members).allSatisfy { $0.value == $1.value } }
        var values: [[UInt8]: JSONValue] = [:]
        for member in right.members { values[Array(member.key.utf8)] = member.value }
        return left.members.allSatisfy { values[Array($0.key.utf8)] == $0.value }
    }
}

extension String {
    /// Whether both have the same code points; `==` also calls equal what Unicode calls equivalent.
    func isIdentical(to other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}
