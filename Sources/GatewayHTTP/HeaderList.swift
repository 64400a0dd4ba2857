extension UnsafeRawBufferPointer {
    /// Whether a comma-separated header value has the option, which is in lower case, in any letter case.
    func listContains(_ option: StaticString) -> Bool {
        split(separator: UInt8(ascii: ",")).contains { part in
            var part = part
            while let first = part.first, first == 0x20 || first == 0x09 { part = part.dropFirst() }
            while let last = part.last, last == 0x20 || last == 0x09 { part = part.dropLast() }
            return UnsafeRawBufferPointer(rebasing: part).equalsIgnoringCase(option)
        }
    }
}
