import Gateway
import IntentProtocol
import Observability
import Synchronization

/// The requests that this node refused last, with what decided: for the person who asks why, not for the record.
///
/// The audit log holds them all; here a flood pushes the others out within seconds, and costs no more than ``notedPerSecondMax``.
final class RecentRefusals: Sendable {
    /// How many are kept.
    static let countMax = 100
    /// How many of a second are kept.
    static let notedPerSecondMax = 20
    /// The most bytes of a text that a caller chose.
    static let textBytesMax = 128

    private struct State {
        /// A ring; the next one goes to ``end``.
        var entries: [AuditRecord] = []
        var end = 0
        var second: Int64 = 0
        var notedInSecond = 0
        var unnoted: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Keeps a refusal, if there were not too many just now.
    func note(_ record: borrowing AuditRecord) {
        let second = record.timeNanoseconds / 1_000_000_000
        let isNoted = state.withLock { state in
            if state.second != second {
                state.second = second
                state.notedInSecond = 0
            }
            guard state.notedInSecond < Self.notedPerSecondMax else {
                state.unnoted &+= 1
                return false
            }
            state.notedInSecond += 1
            return true
        }
        guard isNoted else { return }
        let copy = Self.detached(record)
        state.withLock { state in
            if state.entries.count < Self.countMax {
                state.entries.append(copy)
            } else {
                state.entries[state.end] = copy
            }
            state.end = (state.end + 1) % Self.countMax
        }
    }

    /// The newest first.
    func newest(_ count: Int) -> [AuditRecord] {
        state.withLock { state in
            let start = state.entries.count < Self.countMax ? 0 : state.end
            let ordered = state.entries[start...] + state.entries[..<start]
            return Array(ordered.suffix(count).reversed())
        }
    }

    /// Those that came too fast to be kept.
    var unnoted: UInt64 { state.withLock { $0.unnoted } }

    /// A copy whose texts do not hold on to the bytes of the request that they are part of.
    private static func detached(_ record: borrowing AuditRecord) -> AuditRecord {
        var copy = copy record
        copy.requestId = cut(record.requestId)
        copy.traceId = cut(record.traceId)
        copy.intent = cut(record.intent)
        copy.intentVersion = cut(record.intentVersion)
        return copy
    }

    /// Text of a JSON string; cut where no escape can be torn apart.
    private static func cut(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.count > textBytesMax else { return ArraySlice(Array(text)) }
        let plain = text.prefix(textBytesMax).prefix { $0 != UInt8(ascii: "\\") && $0 < 0x80 }
        return ArraySlice(Array(plain))
    }
}
