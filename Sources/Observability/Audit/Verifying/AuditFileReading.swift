import IntentProtocol

/// One file on its way through the verifier: which chains are under way in it, and what stands between the records.
struct AuditFileReading {
    /// The most that a crash leaves of a record.
    private static let tornBytesMax = AuditLineReader.lineBytesMax

    let name: String
    /// The place in `segments` of the one that is under way, by chain.
    private var current: [String: Int] = [:]
    /// Lines that are no records, since the last one that is.
    private var strange: (bytes: Int, place: AuditPlaceInFile, lines: Int)?

    init(name: String) {
        self.name = name
    }

    mutating func take(
        _ line: UnsafeBufferPointer<UInt8>?, _ place: AuditPlaceInFile, length: Int, _ verifier: inout AuditVerifier
    ) {
        guard let line, let head = AuditLineHead(line) else {
            let former = strange ?? (0, place, 0)
            strange = (former.bytes + length + 1, former.place, former.lines + 1)
            return
        }
        let start = AuditStart(line, head)
        explainStrange(start, &verifier)
        guard verifier.canProve(head, start, place) else { return }
        if let index = current[head.chain], extend(index, line, head, start, place, &verifier) { return }
        begin(line, head, start, place, &verifier)
    }

    mutating func end(restBytes: Int, line: Int, _ verifier: inout AuditVerifier) {
        explainStrange(nil, &verifier)
        guard restBytes > 0 else { return }
        verifier.find(
            .truncated, AuditPlaceInFile(file: name, line: line),
            "the file ends within a record: \(restBytes) bytes without a line end; the last complete record is on line \(line - 1)"
        )
    }

    /// What a crash has left is told of by the chain that follows; everything else that is no record is a fault.
    private mutating func explainStrange(_ start: AuditStart?, _ verifier: inout AuditVerifier) {
        guard let strange else { return }
        self.strange = nil
        if let start, start.isBeginning, let link = start.previous, link.tornBytes == strange.bytes,
            strange.bytes <= Self.tornBytesMax
        {
            return verifier.find(
                .note, strange.place,
                "\(strange.bytes) bytes that are no whole record: a crash cut it, as the next chain says")
        }
        let count = strange.lines > 1 ? "\(strange.lines) lines are" : "the line is"
        verifier.find(.notARecord, strange.place, "\(count) not in the form of a record")
    }

    /// Adds a record to the segment of its chain, where it follows.
    private func extend(
        _ index: Int, _ line: UnsafeBufferPointer<UInt8>, _ head: AuditLineHead, _ start: AuditStart?,
        _ place: AuditPlaceInFile, _ verifier: inout AuditVerifier
    ) -> Bool {
        let segment = verifier.segments[index]
        if head.sequence == segment.lastSequence + 1 {
            let isProven = verifier.prove(line, head, after: segment.candidates)
            var candidates = [head.hash]
            if isProven {
                verifier.segments[index].isProven = true
            } else {
                verifier.find(
                    .changed, place, "record \(head.sequence) of \(head.node) \(head.chain) is not as it was written")
                // Where only the hash was changed, the next record follows the one that it should have.
                if let hash = segment.candidates.first.flatMap({ verifier.hash(line, head, after: $0) }) {
                    candidates.append(hash)
                }
            }
            verifier.segments[index].take(line, head, place, candidates)
            return true
        }
        if head.sequence <= segment.lastSequence, start == nil {
            let kind: AuditFinding.Kind = head.sequence == segment.lastSequence ? .repeated : .order
            verifier.find(
                kind, place,
                "record \(head.sequence) of \(head.node) \(head.chain) stands behind record \(segment.lastSequence)")
        }
        return false
    }

    private mutating func begin(
        _ line: UnsafeBufferPointer<UInt8>, _ head: AuditLineHead, _ start: AuditStart?, _ place: AuditPlaceInFile,
        _ verifier: inout AuditVerifier
    ) {
        var segment = AuditSegment(
            node: head.node, chain: head.chain, firstSequence: head.sequence, firstPlace: place, firstTime: head.time,
            lastSequence: head.sequence, lastPlace: place, lastTime: head.time, lastEvent: head.event,
            candidates: [head.hash], before: start?.previous, unproven: nil,
            isBeginning: start?.isBeginning == true && head.sequence == 1, isProven: false)
        var after: AuditHash?
        if segment.isBeginning {
            after = .zero
        } else if start?.isBeginning == false {
            after = segment.before?.hash
        }
        if let after {
            segment.isProven = verifier.prove(line, head, after: [after])
            if !segment.isProven {
                verifier.find(
                    .changed, place, "record \(head.sequence) of \(head.node) \(head.chain) is not as it was written")
                if let hash = verifier.hash(line, head, after: after) { segment.candidates.append(hash) }
                // What a changed record says is not to be followed.
                segment.before = nil
            }
        } else {
            segment.unproven = Array(line)
        }
        segment.note(line, head)
        current[head.chain] = verifier.segments.count
        verifier.segments.append(segment)
    }
}

extension AuditSegment {
    mutating func take(
        _ line: UnsafeBufferPointer<UInt8>, _ head: AuditLineHead, _ place: AuditPlaceInFile, _ hashes: [AuditHash]
    ) {
        (lastSequence, lastPlace, lastTime, lastEvent) = (head.sequence, place, head.time, head.event)
        candidates = hashes
        records += 1
        note(line, head)
    }

    /// Adds up what the log says it does not have.
    mutating func note(_ line: UnsafeBufferPointer<UInt8>, _ head: AuditLineHead) {
        guard head.event == "audit_lost" || head.event == "audit_refused",
            case .object(let members)? = try? JSONValue(parsing: Array(line))
        else { return }
        func number(_ name: String) -> UInt64 {
            members[name].flatMap { UInt64(String(decoding: $0.encoded, as: UTF8.self)) } ?? 0
        }
        lost += number("lost")
        refused += number("refused")
    }
}
