/// Why a key set is fetched; a source that shares fetches among nodes bounds each kind in its own way.
package enum KeySetFetchReason: Sendable, Hashable {
    /// The keys at hand will be too old soon, or there are none.
    case scheduled
    /// A token named a key that is not at hand.
    case unknownKey
    /// The operator asks, for the keys have changed.
    case reload
}
