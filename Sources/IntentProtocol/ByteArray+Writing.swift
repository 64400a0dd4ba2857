extension [UInt8] {
    /// Makes an array whose bytes are written where they will lie.
    ///
    /// `init(unsafeUninitializedCapacity:)` is not specialised by the compiler and looks up the type of its storage each time, which takes as
    /// long as writing a message.
    ///
    /// - Parameters:
    ///   - bytesMax: how many bytes may be written.
    ///   - write: writes them into memory of at least so many bytes, and says how many there are.
    package init(bytesMax: Int, _ write: (UnsafeMutableRawBufferPointer) -> Int) {
        self = []
        reserveCapacity(bytesMax)
        append(addingCapacity: bytesMax) { span in
            span.withUnsafeMutableBufferPointer { memory, count in
                count = write(UnsafeMutableRawBufferPointer(memory))
            }
        }
    }
}
