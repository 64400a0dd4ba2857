extension AuditVerifier {
    /// What all files together say.
    package struct Result: Sendable {
        package let chains: [AuditChainReport]
        package let findings: [AuditFinding]
        /// Those that were not kept included.
        package let problemCount: Int

        package var isWhole: Bool { problemCount == 0 }
    }

    /// Puts the segments together and checks what lies between them.
    ///
    /// - Parameter mayBeOpen: whether a chain may end without its last record, because its node runs.
    package consuming func finish(mayBeOpen: Bool) -> Result {
        let chains = Dictionary(grouping: segments, by: \.chain).mapValues { segments in
            segments.sorted { ($0.firstSequence, $0.firstPlace.line) < ($1.firstSequence, $1.firstPlace.line) }
        }
        let ordered = chains.values.sorted { ($0[0].firstTime, $0[0].chain) < ($1[0].firstTime, $1[0].chain) }
        for segments in ordered { join(segments) }
        checkKeys(ordered)
        let links = ordered.compactMap { chain in chain[0].isBeginning ? chain[0].before.map { (chain[0], $0) } : nil }
        checkLinks(links, chains)
        let followers = Dictionary(links.map { ($1.chain, $1) }) { first, _ in first }
        var reports: [AuditChainReport] = []
        for chain in ordered {
            guard let report = report(chain, followers[chain[0].chain]) else { continue }
            reports.append(report)
            guard report.end == .open, !mayBeOpen else { continue }
            find(
                .open, report.lastPlace,
                "\(report.node) \(report.chain) ends with record \(report.lastSequence) of \(report.lastTime) and is not closed: "
                    + "the node runs, was killed, or the end was cut off")
        }
        if problemCount > findings.count {
            find(.note, nil, "\(problemCount - findings.filter(\.isProblem).count) more findings are not listed")
        }
        return Result(chains: reports, findings: findings, problemCount: problemCount)
    }

    /// Checks that each segment of a chain follows the one before.
    private mutating func join(_ chain: [AuditSegment]) {
        if !chain[0].isBeginning { beginsLate(chain[0]) }
        for (former, next) in zip(chain, chain.dropFirst()) {
            let name = "\(next.node) \(next.chain)"
            guard next.firstSequence > former.lastSequence else {
                find(
                    .repeated, next.firstPlace,
                    "record \(next.firstSequence) of \(name) is also in \(former.firstPlace.file)")
                continue
            }
            guard next.firstSequence == former.lastSequence + 1 else {
                let (first, last) = (former.lastSequence + 1, next.firstSequence - 1)
                find(
                    .missing, next.firstPlace,
                    "record\(first == last ? " \(first)" : "s \(first) to \(last)") of \(name) missing behind \(former.lastPlace)"
                )
                continue
            }
            if let line = next.unproven {
                let isProven = line.withUnsafeBufferPointer { line in
                    AuditLineHead(line).map { prove(line, $0, after: former.candidates) } ?? false
                }
                if !isProven {
                    find(.changed, next.firstPlace, "record \(next.firstSequence) of \(name) is not as it was written")
                }
            } else if let before = next.before, !former.candidates.contains(before.hash) {
                find(
                    .link, next.firstPlace,
                    "record \(before.sequence) of \(name) was another one than that at \(former.lastPlace)")
            }
        }
    }

    private mutating func beginsLate(_ first: AuditSegment) {
        let name = "\(first.node) \(first.chain)"
        if first.unproven != nil {
            find(
                .missing, first.firstPlace,
                "\(name) begins with record \(first.firstSequence), which cannot be proven without the one before it")
        } else if first.isBeginning == false, first.before != nil {
            find(
                .note, first.firstPlace,
                "\(name) begins with record \(first.firstSequence): the file before it was not given")
        }
    }

    /// A chain none of whose records fits was not changed in each of them: the key is another one.
    private mutating func checkKeys(_ chains: [[AuditSegment]]) {
        for chain in chains where digests[chain[0].chain]?.isDecided != true {
            let what = keys.isEmpty ? "without a key" : "with a key that was given"
            find(.key, chain[0].firstPlace, "no record of \(chain[0].node) \(chain[0].chain) was made \(what)")
        }
    }

    /// Checks what each chain says of the one before it.
    private mutating func checkLinks(_ links: [(AuditSegment, AuditLink)], _ chains: [String: [AuditSegment]]) {
        for (segment, link) in links {
            let name = "\(segment.node) \(link.chain)"
            guard let former = chains[link.chain]?.last else {
                let isOldest = !chains.values.contains {
                    $0[0].node == segment.node && $0[0].firstTime < segment.firstTime
                }
                find(
                    isOldest ? .note : .missing, segment.firstPlace,
                    "the chain before, \(name), which ended with record \(link.sequence), was not given")
                continue
            }
            if former.lastSequence < link.sequence {
                find(
                    .missing, former.lastPlace,
                    "\(name) ends with record \(former.lastSequence), and had \(link.sequence) when the next chain began"
                )
            } else if former.lastSequence > link.sequence {
                find(
                    .link, segment.firstPlace,
                    "\(name) has records behind record \(link.sequence), which the next chain follows")
            } else if !former.candidates.contains(link.hash) {
                find(.link, segment.firstPlace, "the last record of \(name) is another one than the next chain follows")
            }
        }
    }

    private func report(_ chain: [AuditSegment], _ follower: AuditLink?) -> AuditChainReport? {
        guard let first = chain.first, let last = chain.max(by: { $0.lastSequence < $1.lastSequence }) else {
            return nil
        }
        let end: AuditChainReport.End =
            if last.lastEvent == "audit_stop" {
                .closed
            } else if let follower, follower.sequence == last.lastSequence {
                .continued
            } else {
                .open
            }
        return AuditChainReport(
            node: first.node, chain: first.chain,
            isKeyed: digests[first.chain]?.options.first?.key.id != nil,
            firstSequence: first.firstSequence, lastSequence: last.lastSequence, firstTime: first.firstTime,
            lastTime: last.lastTime, lastHash: last.candidates.first ?? .zero, lastPlace: last.lastPlace, end: end,
            records: chain.reduce(0) { $0 + $1.records }, lost: chain.reduce(0) { $0 + $1.lost },
            refused: chain.reduce(0) { $0 + $1.refused })
    }
}
