/// The three headers of a node signature, as they came.
package struct NodeSignatureHeaders: Sendable {
    /// All values of `X-Intentus-Node-Id`, in any letter case of the name.
    package var ids: [ArraySlice<UInt8>]
    /// All values of `X-Intentus-Node-Ts`.
    package var timestamps: [ArraySlice<UInt8>]
    /// All values of `X-Intentus-Node-Signature`.
    package var signatures: [ArraySlice<UInt8>]

    package init(
        ids: [ArraySlice<UInt8>] = [], timestamps: [ArraySlice<UInt8>] = [], signatures: [ArraySlice<UInt8>] = []
    ) {
        self.ids = ids
        self.timestamps = timestamps
        self.signatures = signatures
    }

    /// Whether the request is not signed at all.
    package var isAbsent: Bool { ids.isEmpty && timestamps.isEmpty && signatures.isEmpty }
}
