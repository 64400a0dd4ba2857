/// The record that another one follows: what a new file and a new chain say of the one before.
package struct AuditLink: Sendable, Hashable {
    package let chain: String
    package let sequence: UInt64
    package let hash: AuditHash
    /// Whether that record was the last of a node that stopped in order.
    var isClosed = false
    /// Bytes behind its line that are no whole record, because a crash cut one; with the line end that follows them.
    var tornBytes = 0

    init(chain: String, sequence: UInt64, hash: AuditHash) {
        self.chain = chain
        self.sequence = sequence
        self.hash = hash
    }

    /// The last complete record at the end of a file, and what stands behind it; nil where there is no such record.
    ///
    /// - Parameter end: the end of the file, long enough for a record and what a crash may have left behind it.
    package init?(endOf end: [UInt8]) {
        let newline = UInt8(ascii: "\n")
        var rest = end[...]
        while let lineEnd = rest.lastIndex(of: newline) {
            let lineStart = rest[..<lineEnd].lastIndex(of: newline).map { $0 + 1 } ?? 0
            if let head = rest[lineStart..<lineEnd].withUnsafeBufferPointer({ AuditLineHead($0) }) {
                self.init(chain: head.chain, sequence: head.sequence, hash: head.hash)
                isClosed = head.event == "audit_stop"
                tornBytes = end.count - lineEnd - 1
                return
            }
            rest = rest[..<lineStart]
        }
        return nil
    }
}

extension LineCursor {
    /// Appends the member `previous`.
    mutating func append(previous link: AuditLink, tellsEnd: Bool) {
        append(",\"previous\":{\"chain\":\"")
        append(jsonText: link.chain)
        append("\",\"seq\":")
        append(decimal: Int64(clamping: link.sequence))
        append(",\"hash\":\"")
        append(link.hash)
        append("\"")
        if tellsEnd {
            append(link.isClosed ? ",\"closed\":true" : ",\"closed\":false")
            append(",\"tornBytes\":")
            append(decimal: Int64(link.tornBytes))
        }
        append("}")
    }
}
