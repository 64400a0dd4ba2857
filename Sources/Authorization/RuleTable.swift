import IntentProtocol

/// Rules taken apart, while they are being put together.
struct RuleTable {
    var rows: [RuleRow] = []
    var alternatives: [TermRange] = []
    var terms: [Term] = []
    var patterns: [Pattern] = []
    var templateParts: [Pattern] = []
    /// The texts of all patterns.
    var bytes: [UInt8] = []
    var blocks: [AddressBlock] = []
    /// In lower case.
    var headerNames: [[UInt8]] = []
    var claimPaths: [[[UInt8]]] = []
}
