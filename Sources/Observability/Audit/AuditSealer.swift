/// Makes lines of records: each gets the version, the node, the chain and its number in front, and behind it the hash over
/// all of that and the hash of the record before it.
///
/// A line is `{"version":1,"node":"…","chain":"…","seq":N,` members `,"hash":"…"}`. The hash is over the 32 bytes of the former
/// record's hash (zeros for the first) and every byte of the line before `,"hash"`.
struct AuditSealer: Sendable {
    /// Of the fields and of the chain; a change that old readers would misread gets another number.
    static let version = 1
    static let hashHead: StaticString = ",\"hash\":\""
    /// `,"hash":"`, the digits, `"}`.
    static let tailBytes = 9 + 2 * AuditHash.bytes + 2
    /// More than what a line has beyond the members of its record.
    static let overheadBytesMax = 512

    let node: String
    /// 16 hexadecimal digits, chosen by chance when the chain begins.
    let chain: String
    let digest: AuditDigest
    /// Of the last record; 0 before the first.
    private(set) var sequence: UInt64 = 0
    private(set) var last = AuditHash.zero
    private let head: [UInt8]

    init(node: String, chain: String, key: AuditKey) {
        self.node = node
        self.chain = chain
        digest = key.digest(node: node, chain: chain)
        head = Array("{\"version\":\(Self.version),\"node\":\"\(node)\",\"chain\":\"\(chain)\",\"seq\":".utf8)
    }

    /// Writes the line of a record whose members are given without braces and without a line end.
    mutating func seal(_ members: UnsafeBufferPointer<UInt8>, to line: inout LineCursor) {
        guard let source = members.baseAddress else { return }
        let start = line.position
        sequence += 1
        head.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            line.append(bytes: base, count: bytes.count)
        }
        line.append(decimal: Int64(clamping: sequence))
        line.append(byte: UInt8(ascii: ","))
        line.append(bytes: source, count: members.count)
        last = digest.hash(after: last, UnsafeRawBufferPointer(start: start, count: line.position - start))
        line.append(Self.hashHead)
        line.append(last)
        line.append("\"}\n")
    }
}
