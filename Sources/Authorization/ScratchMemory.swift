/// Memory in which texts are laid one after the other; whoever makes it has counted that they fit.
struct ScratchMemory {
    private let memory: UnsafeMutableRawBufferPointer
    private var end = 0

    init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    mutating func append(_ text: ArraySlice<UInt8>) -> UnsafeRawBufferPointer {
        let start = end
        text.withUnsafeBytes { memory[start..<start + $0.count].copyBytes(from: $0) }
        end += text.count
        return UnsafeRawBufferPointer(rebasing: memory[start..<end])
    }

    mutating func append(lowercased text: ArraySlice<UInt8>) -> UnsafeRawBufferPointer {
        let start = end
        for byte in text {
            memory[end] = byte.asciiLowercased
            end += 1
        }
        return UnsafeRawBufferPointer(rebasing: memory[start..<end])
    }

    /// The value of a header field; nil when there is none. Several fields of one name count as one with commas between.
    mutating func append(_ name: [UInt8], of request: borrowing AuthorizationRequest) -> UnsafeRawBufferPointer? {
        // HTTP/2 and HTTP/1 call it differently; a policy that asks for `host` means this.
        if name.elementsEqual("host".utf8), let host = request.host { return append(host) }
        let start = end
        var isFirst = true
        let isThere = request.headers.forEachValue(of: name) { value in
            if !isFirst {
                memory[end] = UInt8(ascii: ",")
                end += 1
            }
            isFirst = false
            _ = append(value)
        }
        return isThere ? UnsafeRawBufferPointer(rebasing: memory[start..<end]) : nil
    }
}
