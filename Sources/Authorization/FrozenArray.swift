/// Plain numbers in memory of its own, so that a walk over them touches no reference count.
///
/// `@unchecked Sendable`: the memory is written before the initialiser ends, only read until the deinitialiser frees it, and
/// nobody else has a pointer for writing.
final class FrozenArray<Element: BitwiseCopyable>: @unchecked Sendable {
    /// Valid as long as the array lives.
    let buffer: UnsafeBufferPointer<Element>

    init(_ elements: [Element]) {
        let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = memory.initialize(from: elements)
        buffer = UnsafeBufferPointer(memory)
    }

    deinit { buffer.deallocate() }
}
