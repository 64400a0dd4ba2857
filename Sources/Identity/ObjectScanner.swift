import IntentProtocol

/// A strict pass over one JSON object that remembers where its members stand and copies nothing.
///
/// It takes what `JSONValue(parsing:)` takes and not a byte more; a tree of a token's claims would cost a third of what
/// the signature does. The bytes must be valid UTF-8, which ``checkUTF8(_:)`` sees to, and must outlive the scanner.
struct ObjectScanner {
    let bytes: UnsafeRawBufferPointer
    private(set) var position = 0
    private var membersLeft = 1_000
    /// The members of the objects that are open, the outermost first; at the end those of the outermost alone.
    private(set) var members: [ObjectMember] = []
    private var sawEscapedKey = false

    private static let depthMax = 32
    private static let membersOfOneMax = 250

    /// Reads one object from the first byte to the last.
    init(scanning bytes: UnsafeRawBufferPointer) throws(ObjectFault) {
        self.bytes = bytes
        members.reserveCapacity(16)
        skipWhitespace()
        try scanObject(depth: 1)
        skipWhitespace()
        guard position == bytes.count else { throw .syntax }
        if sawEscapedKey { try checkEscapedKeys() }
    }

    /// The member of that name; nil when there is none.
    func value(_ name: StaticString) -> ObjectMember.Value? {
        value(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// The member of that name; nil when there is none.
    func value(_ name: [UInt8]) -> ObjectMember.Value? {
        name.withUnsafeBytes { value($0) }
    }

    private func value(_ name: UnsafeRawBufferPointer) -> ObjectMember.Value? {
        for index in members.indices where members[index].key.isString(name, in: bytes) { return members[index].value }
        return nil
    }

    /// Equal names may be spelled with different escapes; the tree reader of the protocol finds them at any level.
    private func checkEscapedKeys() throws(ObjectFault) {
        do throws(JSONSyntaxError) {
            _ = try JSONValue(parsing: bytes)
        } catch {
            throw error.kind == .duplicateKey ? .duplicateKey : .syntax
        }
    }

    private mutating func scanObject(depth: Int) throws(ObjectFault) {
        guard depth <= Self.depthMax else { throw .tooLarge }
        let first = members.count
        try expect(UInt8(ascii: "{"))
        skipWhitespace()
        guard byte != UInt8(ascii: "}") else {
            position &+= 1
            return
        }
        repeat {
            let key = try scanString()
            if key.kind == .escapedString { sawEscapedKey = true }
            try checkNew(key, since: first)
            skipWhitespace()
            try expect(UInt8(ascii: ":"))
            skipWhitespace()
            let index = members.count
            members.append(ObjectMember(key: key, value: key))
            members[index].value = try scanValue(depth: depth &+ 1)
        } while try continues(closing: UInt8(ascii: "}"))
        if depth > 1 { members.removeLast(members.count - first) }
    }

    private mutating func checkNew(_ key: ObjectMember.Value, since first: Int) throws(ObjectFault) {
        membersLeft &-= 1
        guard membersLeft >= 0, members.count &- first < Self.membersOfOneMax else { throw .tooLarge }
        let name = bytes.part(key.start..<key.end)
        for index in first..<members.count {
            let other = members[index].key
            if other.end &- other.start == name.count, bytes.part(other.start..<other.end).equals(name) {
                throw .duplicateKey
            }
        }
    }

    private mutating func scanValue(depth: Int) throws(ObjectFault) -> ObjectMember.Value {
        let start = position
        switch byte {
        case UInt8(ascii: "\""): return try scanString()
        case UInt8(ascii: "{"):
            try scanObject(depth: depth)
            return ObjectMember.Value(start: start, end: position, kind: .object)
        case UInt8(ascii: "["):
            try scanArray(depth: depth)
            return ObjectMember.Value(start: start, end: position, kind: .array)
        case UInt8(ascii: "t"): return try literal("true")
        case UInt8(ascii: "f"): return try literal("false")
        case UInt8(ascii: "n"): return try literal("null")
        default: return try scanNumber()
        }
    }

    private mutating func scanArray(depth: Int) throws(ObjectFault) {
        guard depth <= Self.depthMax else { throw .tooLarge }
        position &+= 1
        skipWhitespace()
        guard byte != UInt8(ascii: "]") else {
            position &+= 1
            return
        }
        repeat { _ = try scanValue(depth: depth &+ 1) } while try continues(closing: UInt8(ascii: "]"))
    }

    /// The elements of an array that this scanner has passed.
    func elements(of array: ObjectMember.Value) throws(ObjectFault) -> [ObjectMember.Value] {
        var walker = self
        walker.position = array.start + 1
        walker.skipWhitespace()
        var elements: [ObjectMember.Value] = []
        guard walker.byte != UInt8(ascii: "]") else { return elements }
        repeat {
            elements.append(try walker.scanValue(depth: 2))
        } while try walker.continues(closing: UInt8(ascii: "]"))
        return elements
    }
}

extension ObjectScanner {
    /// The byte at the position; 0, which is valid nowhere, at the end.
    private var byte: UInt8 {
        @inline(__always) get { position < bytes.count ? bytes[position] : 0 }
    }

    @inline(__always)
    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position &+= 1
            default: return
            }
        }
    }

    @inline(__always)
    private mutating func expect(_ wanted: UInt8) throws(ObjectFault) {
        guard byte == wanted else { throw .syntax }
        position &+= 1
    }

    @inline(__always)
    private mutating func continues(closing: UInt8) throws(ObjectFault) -> Bool {
        skipWhitespace()
        let separator = byte
        guard separator == UInt8(ascii: ",") || separator == closing else { throw .syntax }
        position &+= 1
        guard separator != closing else { return false }
        skipWhitespace()
        return true
    }

    private mutating func literal(_ text: StaticString) throws(ObjectFault) -> ObjectMember.Value {
        let start = position
        let end = start + text.utf8CodeUnitCount
        guard end <= bytes.count, bytes.part(start..<end).equals(text) else { throw .syntax }
        position = end
        return ObjectMember.Value(start: start, end: end, kind: .literal)
    }

    private mutating func scanString() throws(ObjectFault) -> ObjectMember.Value {
        try expect(UInt8(ascii: "\""))
        let start = position
        var isEscaped = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let kind: ObjectMember.Value.Kind = isEscaped ? .escapedString : .string
                let value = ObjectMember.Value(start: start, end: position, kind: kind)
                position &+= 1
                if isEscaped, value.decodedString(in: bytes) == nil { throw .syntax }
                return value
            }
            guard byte >= 0x20 else { throw .syntax }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                position &+= 1
            }
            position &+= 1
        }
        throw .syntax
    }

    private mutating func scanNumber() throws(ObjectFault) -> ObjectMember.Value {
        let start = position
        if byte == UInt8(ascii: "-") { position &+= 1 }
        let isZero = byte == UInt8(ascii: "0")
        let integerDigits = skipDigits()
        guard integerDigits > 0, !isZero || integerDigits == 1 else { throw .syntax }
        var kind = ObjectMember.Value.Kind.integer
        if byte == UInt8(ascii: ".") {
            kind = .decimal
            position &+= 1
            guard skipDigits() > 0 else { throw .syntax }
        }
        if byte | 0x20 == UInt8(ascii: "e") {
            kind = .decimal
            position &+= 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { position &+= 1 }
            guard skipDigits() > 0 else { throw .syntax }
        }
        let value = ObjectMember.Value(start: start, end: position, kind: kind)
        // 1e999 is written as JSON and yet no number that can be held.
        if kind == .decimal || integerDigits > 300, value.double(in: bytes) == nil { throw .syntax }
        return value
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position &+= 1
        }
        return position &- start
    }
}
