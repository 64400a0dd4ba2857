import Crypto

extension RedisScript {
    /// SHA-1 because EVALSHA asks for it; nothing is proved by it.
    static func hexDigest(_ text: String) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return Insecure.SHA1.hash(data: Array(text.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
