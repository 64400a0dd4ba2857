/// What is known of one chain when all files were read.
package struct AuditChainReport: Sendable {
    /// How a chain ends.
    package enum End: String, Sendable {
        /// With the record of a node that stopped in order.
        case closed
        /// The node's next chain says that it ended here without that record: a crash.
        case continued
        /// Nothing says that it ends here: the node runs, was killed, or the end was cut off.
        case open
    }

    package let node: String
    package let chain: String
    package let isKeyed: Bool
    package let firstSequence: UInt64
    package let lastSequence: UInt64
    package let firstTime: String
    package let lastTime: String
    package let lastHash: AuditHash
    package let lastPlace: AuditPlaceInFile
    package let end: End
    package let records: Int
    package let lost: UInt64
    package let refused: UInt64
}
