/// The writing side of the log: makes lines of records, in one order, and keeps what the output has not taken yet.
struct AuditSpool: ~Copyable {
    /// Who keeps the log.
    struct Owner: Sendable {
        let node: String
        let key: AuditKey
        /// `block` or `drop`, for the first record.
        let mode: StaticString
        /// A new chain's id.
        let newChain: @Sendable () -> String
        let unixNanoseconds: @Sendable () -> Int64
    }

    /// What the log says about itself, in numbers since the start of the process.
    struct Figures {
        var lost: UInt64 = 0
        var refused: UInt64 = 0
    }

    private let writer: any AuditWriter
    private let owner: Owner
    private var sealer: AuditSealer?
    /// Lines of which the output has taken the first `written` bytes.
    private var lines: [UInt8] = []
    private var count = 0
    private var written = 0
    /// Whose room the lines take, until the output has them: shard and bytes.
    var owed: [(shard: Int, bytes: Int)] = []
    private var refusedTold: UInt64 = 0
    /// Records written since the start of the process, those about the log itself included.
    private(set) var records: UInt64 = 0
    /// Whether the last chain was closed and none is open.
    private(set) var isEnded = false
    /// A buffer that has grown past this is let go, so that a burst does not cost memory for ever.
    private static let keptBytesMax = 2 << 20
    /// Room for a record that the log makes about itself.
    private static let ownBytesMax = 1024

    init(writer: any AuditWriter, owner: Owner) {
        self.writer = writer
        self.owner = owner
    }

    /// Offers what is left to the output.
    ///
    /// - Returns: why it did not take everything; nil when it did.
    mutating func push() -> AuditFault? {
        while written < count {
            let writing = lines.withUnsafeBytes {
                writer.write(UnsafeRawBufferPointer(rebasing: $0[written..<count]))
            }
            written += writing.bytes
            if let fault = writing.fault { return fault }
            guard writing.bytes > 0 else { return AuditFault("the output takes no records") }
        }
        (count, written) = (0, 0)
        if lines.count > Self.keptBytesMax { lines = [] }
        return nil
    }

    /// Makes the output ready for so many bytes of records; says where a file or a chain begins which record comes before.
    mutating func prepare(bytes: Int = 0) -> AuditFault? {
        switch writer.prepare(bytes: bytes) {
        case .away(let fault): return fault
        case .new where sealer != nil: writeContinuation()
        case .same, .new: if sealer == nil { begin() }
        }
        return nil
    }

    /// Makes lines of the records of a shard.
    mutating func add(_ batch: borrowing AuditShard.Batch) {
        reserve(batch.count + batch.records * AuditSealer.overheadBytesMax)
        batch.bytes.withUnsafeBufferPointer { bytes in
            var rest = bytes[..<batch.count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                seal(UnsafeBufferPointer(rebasing: rest[..<end]))
                rest = rest[(end + 1)...]
            }
        }
    }

    /// Says how many requests were turned away since this was last said.
    mutating func tellRefused(_ refused: UInt64) {
        guard refused > refusedTold else { return }
        let missing = refused - refusedTold
        refusedTold = refused
        add("audit_refused") {
            $0.append(",\"refused\":")
            $0.append(decimal: Int64(clamping: missing))
        }
    }

    /// A record that the node is there and how far the log is.
    mutating func checkpoint(_ figures: Figures) { add("audit_checkpoint") { Self.append(figures, to: &$0) } }

    /// The last record of the chain, after which the output may be left.
    mutating func end(_ figures: Figures) -> AuditFault? {
        guard sealer != nil else { return nil }
        add("audit_stop") { Self.append(figures, to: &$0) }
        if let fault = push() { return fault }
        sealer = nil
        isEnded = true
        writer.finish()
        return nil
    }

    private mutating func begin() {
        isEnded = false
        let past = writer.past()
        let sealer = AuditSealer(node: owner.node, chain: owner.newChain(), key: owner.key)
        self.sealer = sealer
        let owner = owner
        add("audit_start") { line in
            Self.append(algorithm: sealer, owner, to: &line)
            line.append(",\"mode\":\"")
            line.append(owner.mode)
            line.append("\"")
            if let past { line.append(previous: past, tellsEnd: true) }
        }
    }

    private mutating func writeContinuation() {
        guard let sealer else { return }
        let link = AuditLink(chain: sealer.chain, sequence: sealer.sequence, hash: sealer.last)
        let owner = owner
        add("audit_continue") { line in
            Self.append(algorithm: sealer, owner, to: &line)
            line.append(previous: link, tellsEnd: false)
        }
    }

    private static func append(algorithm sealer: AuditSealer, _ owner: Owner, to line: inout LineCursor) {
        line.append(",\"algorithm\":\"")
        line.append(sealer.digest.algorithm)
        line.append("\"")
        guard let id = owner.key.id else { return }
        line.append(",\"keyId\":\"")
        line.append(jsonText: id)
        line.append("\"")
    }

    private static func append(_ figures: Figures, to line: inout LineCursor) {
        line.append(",\"lost\":")
        line.append(decimal: Int64(clamping: figures.lost))
        line.append(",\"refused\":")
        line.append(decimal: Int64(clamping: figures.refused))
    }

    /// Adds a record that the log makes about itself.
    private mutating func add(_ event: StaticString, _ members: (inout LineCursor) -> Void) {
        let now = owner.unixNanoseconds()
        let text = [UInt8](unsafeUninitializedCapacity: Self.ownBytesMax) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            var line = LineCursor(base)
            AuditLine.writeHead(event, unixNanoseconds: now, to: &line)
            members(&line)
            count = line.position - base
        }
        reserve(text.count + AuditSealer.overheadBytesMax)
        text.withUnsafeBufferPointer { seal($0) }
    }

    private mutating func reserve(_ bytes: Int) {
        let missing = count + bytes - lines.count
        if missing > 0 { lines.append(contentsOf: repeatElement(0, count: max(missing, lines.count))) }
    }

    private mutating func seal(_ members: UnsafeBufferPointer<UInt8>) {
        let offset = count
        let length = lines.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            var cursor = LineCursor(base + offset)
            sealer?.seal(members, to: &cursor)
            return cursor.position - (base + offset)
        }
        count += length
        records += 1
    }
}
