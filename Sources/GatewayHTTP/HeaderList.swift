extension UnsafeRawBufferPointer {
    /// Whether a comma-separated header value has the option, which is in lower case, in any letter case.
    func listContains(_ option: StaticString) -> Bool {
        var start = startIndex
        while true {
            var end = start
            while end < endIndex, self[end] != UInt8(ascii: ",") { end += 1 }
            let next = end + 1
            while start < end, self[start] == 0x20 || self[start] == 0x09 { start += 1 }
            while end > start, self[end - 1] == 0x20 || self[end - 1] == 0x09 { end -= 1 }
            if UnsafeRawBufferPointer(rebasing: self[start..<end]).equalsIgnoringCase(option) { return true }
            guard next <= endIndex else { return false }
            start = next
        }
    }
}
