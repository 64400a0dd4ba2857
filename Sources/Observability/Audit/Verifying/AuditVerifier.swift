import IntentProtocol

/// Proves logs: that nothing in them was changed, left out, moved or cut off, as far as the files given can tell.
///
/// Files of one chain may be given in any order, and a stream may hold the chains of many nodes. Each record is proven by the one
/// before it; what begins in a file without saying what it follows is proven when all files are read.
package struct AuditVerifier {
    /// Findings that are kept; the rest is counted.
    package static let findingsMax = 200

    let keys: [AuditKey]
    private(set) var findings: [AuditFinding] = []
    private(set) var problemCount = 0
    var segments: [AuditSegment] = []
    var digests: [String: ChainDigest] = [:]

    /// How the records of a chain are hashed, once its first proven record has shown which key it is.
    struct ChainDigest {
        var options: [(key: AuditKey, digest: AuditDigest)]
        var isDecided = false
        var isReported = false
    }

    /// - Parameter keys: all that chains may have been made with; none for logs without a key.
    package init(keys: [AuditKey]) {
        self.keys = keys
    }

    mutating func find(_ kind: AuditFinding.Kind, _ place: AuditPlaceInFile?, _ message: String) {
        if kind != .note { problemCount += 1 }
        guard findings.count < Self.findingsMax else { return }
        findings.append(AuditFinding(kind: kind, place: place, message: message))
    }

    /// Reads one file.
    ///
    /// - Parameters:
    ///   - name: as it is told in findings.
    ///   - next: gives the next piece; empty at the end.
    package mutating func read<Failure: Error>(
        _ name: String, next: () throws(Failure) -> [UInt8]
    ) throws(Failure) {
        var reader = AuditLineReader()
        var file = AuditFileReading(name: name)
        while true {
            let piece = try next()
            guard !piece.isEmpty else { break }
            piece.withUnsafeBufferPointer { bytes in
                reader.read(bytes) { line, number, length in
                    file.take(line, AuditPlaceInFile(file: name, line: number), length: length, &self)
                }
            }
        }
        file.end(restBytes: reader.restBytes, line: reader.lines + 1, &self)
    }

    /// The hashes of a record under the keys it may have been made with, given what it may follow; those that fit are first.
    ///
    /// - Returns: nil when it fits none.
    mutating func prove(
        _ line: UnsafeBufferPointer<UInt8>, _ head: AuditLineHead, after candidates: [AuditHash]
    ) -> Bool {
        let body = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: line[..<head.bodyBytes]))
        var digest = digests[head.chain] ?? ChainDigest(options: options(head))
        defer { digests[head.chain] = digest }
        for option in digest.options {
            for candidate in candidates where option.digest.hash(after: candidate, body) == head.hash {
                digest.options = [option]
                digest.isDecided = true
                return true
            }
        }
        return false
    }

    /// What the record's hash would have to be, after the first of the candidates.
    func hash(_ line: UnsafeBufferPointer<UInt8>, _ head: AuditLineHead, after candidate: AuditHash) -> AuditHash? {
        let body = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: line[..<head.bodyBytes]))
        return digests[head.chain]?.options.first?.digest.hash(after: candidate, body)
    }

    private func options(_ head: AuditLineHead) -> [(key: AuditKey, digest: AuditDigest)] {
        // Without a key to hold it against, a chain is checked for what it says; with one it must have been made with it.
        (keys.isEmpty ? [AuditKey.none] : keys).map { ($0, $0.digest(node: head.node, chain: head.chain)) }
    }

    /// Whether a chain's records can be proven at all; says so once where not.
    mutating func canProve(_ head: AuditLineHead, _ start: AuditStart?, _ place: AuditPlaceInFile) -> Bool {
        guard digests[head.chain]?.isReported != true else { return false }
        guard let start else { return true }
        var message: String?
        switch (start.keyId, keys.isEmpty) {
        case (let id?, true): message = "the chain was made with the key \(id): give it by --key"
        case (let id?, false) where !keys.contains { $0.id == id }:
            message = "the chain was made with the key \(id), which is none of those given"
        case (nil, false): message = "the chain was made without a key: anybody may have made it"
        case (_?, false), (nil, true): break
        }
        guard let message else { return true }
        find(.key, place, "\(head.node) \(head.chain): \(message)")
        digests[head.chain] = ChainDigest(options: options(head), isDecided: false, isReported: true)
        return false
    }
}
