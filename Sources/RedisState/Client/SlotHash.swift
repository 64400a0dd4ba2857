/// Which of the 16,384 slots of a cluster a key belongs to.
enum SlotHash {
    static let slotCount = 16_384

    /// CRC-16/XMODEM of the key, or of what stands between its first `{` and the next `}` when that is not empty.
    static func slot(of key: some RandomAccessCollection<UInt8>) -> Int {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")) else { return Int(crc(key)) & (slotCount - 1) }
        let rest = key[key.index(after: open)...]
        guard let close = rest.firstIndex(of: UInt8(ascii: "}")), close != rest.startIndex else {
            return Int(crc(key)) & (slotCount - 1)
        }
        return Int(crc(rest[..<close])) & (slotCount - 1)
    }

    private static func crc(_ bytes: some Sequence<UInt8>) -> UInt16 {
        var crc: UInt16 = 0
        for byte in bytes { crc = crc << 8 ^ table[Int(crc >> 8 ^ UInt16(byte))] }
        return crc
    }

    private static let table: [UInt16] = (0..<256).map { index in
        var value = UInt16(index) << 8
        for _ in 0..<8 { value = value & 0x8000 != 0 ? value << 1 ^ 0x1021 : value << 1 }
        return value
    }
}
