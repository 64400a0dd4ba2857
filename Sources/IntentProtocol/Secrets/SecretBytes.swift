import Crypto

/// Bytes that must not be seen and do not outlive their use: whatever prints them, prints `<redacted>`, and the memory is
/// wiped when the last copy is released.
///
/// Copies share one memory. What ``reveal()`` and ``text`` give out are copies of their own, which Swift does not wipe: ask
/// for them where the value is used, and keep none.
public struct SecretBytes: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// swift-crypto overwrites the memory of a key when it is released, and compares two in the same time for all bytes.
    private let memory: SymmetricKey

    /// Takes the bytes in.
    public init(_ bytes: [UInt8]) {
        memory = SymmetricKey(data: bytes)
    }

    /// How many there are.
    public var count: Int { memory.bitCount / 8 }

    /// Lends the memory itself, for as long as the closure runs.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var result: Swift.Result<Result, Failure>?
        memory.withUnsafeBytes { buffer in
            do throws(Failure) { result = .success(try body(buffer)) } catch { result = .failure(error) }
        }
        guard let result else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        return try result.get()
    }

    /// A copy of the bytes, for the one place that computes with them.
    public func reveal() -> [UInt8] { withUnsafeBytes { Array($0) } }

    /// The bytes as text; nil when they are not UTF-8.
    public var text: Secret? { String(validating: reveal(), as: UTF8.self).map { Secret($0) } }

    /// Always the same word.
    public var description: String { "<redacted>" }
    /// Always the same word.
    public var debugDescription: String { "<redacted>" }
    /// `dump` shows the children of a value: there are none.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
