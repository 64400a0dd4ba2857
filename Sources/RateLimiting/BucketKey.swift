/// Which bucket: a keyed 128-bit hash of the tuple (limit name, key fields), every part with its length in front.
///
/// Sixteen bytes instead of the text, so a million live keys stay small. Two different tuples would need a
/// SipHash-2-4-128 collision under a key that never leaves the process: by chance 10⁻²⁶ for a million keys, on purpose
/// not without the key.
package struct BucketKey: Sendable, Hashable {
    let low: UInt64
    let high: UInt64

    init(_ halves: (UInt64, UInt64)) {
        low = halves.0
        high = halves.1
    }
}
