/// Records of one chain that follow each other in one file, and what has to fit before and behind them.
struct AuditSegment {
    let node: String
    let chain: String
    let firstSequence: UInt64
    let firstPlace: AuditPlaceInFile
    let firstTime: String
    var lastSequence: UInt64
    var lastPlace: AuditPlaceInFile
    var lastTime: String
    var lastEvent: String
    /// The hash that the next record must have been made with; two where the last record's body and hash do not agree.
    var candidates: [AuditHash]
    /// What the first record follows, as it says itself; nil where it does not say.
    var before: AuditLink?
    /// The first record, where only the record before it can prove it.
    var unproven: [UInt8]?
    /// Whether the first record begins the chain.
    var isBeginning: Bool
    /// Whether one record at least was proven.
    var isProven: Bool
    var records = 1
    /// How many records were lost or requests refused, as the log says.
    var lost: UInt64 = 0
    var refused: UInt64 = 0
}
