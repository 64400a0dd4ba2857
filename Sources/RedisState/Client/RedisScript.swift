/// A Lua script that Redis runs as one step.
///
/// The text is ours and constant; whatever a caller supplies comes as keys and arguments, never as part of it (pitfall S24).
package struct RedisScript: Sendable {
    /// The name in logs and in `check --redis`.
    package let name: String
    /// The Lua text.
    package let text: String
    /// The SHA-1 of the text, 40 hexadecimal digits, by which Redis finds it.
    package let digest: [UInt8]

    /// Makes a script.
    package init(name: String, text: String) {
        self.name = name
        self.text = text
        digest = Self.hexDigest(text)
    }
}
