/// JSON text that grows; for places where a few allocations do no harm.
struct JSONLine {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Appends a text between quotes, escaped and cut as `LineCursor` does it.
    mutating func append(quoting text: String, bytesMax: Int = LineCursor.fieldBytesMax) {
        append("\"")
        append(escaping: text, bytesMax: bytesMax)
        append("\"")
    }

    /// Appends a text as it would stand between quotes.
    mutating func append(escaping text: String, bytesMax: Int) {
        bytes += [UInt8](unsafeUninitializedCapacity: bytesMax) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            var cursor = LineCursor(base)
            cursor.append(jsonText: text, bytesMax: bytesMax)
            count = cursor.position - base
        }
    }
}
