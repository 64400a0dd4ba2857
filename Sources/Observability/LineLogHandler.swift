package import Logging

/// Writes log events as single lines; control characters in values are escaped, so a value cannot forge an event.
package struct LineLogHandler: LogHandler {
    /// A message or a metadata value longer than this is cut, in bytes.
    private static let valueBytesMax = 8 * 1024

    private let label: String
    private let format: LogFormat
    private let unixNanoseconds: @Sendable () -> Int64
    private let write: @Sendable (UnsafeRawBufferPointer) -> Void

    private let level: LogLevel
    /// Read at each event: a change holds for every logger that was made before it.
    package var logLevel: Logger.Level {
        get { level.level }
        set { level.set(newValue, revertsAtNanoseconds: nil) }
    }
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    package init(
        label: String, level: LogLevel, format: LogFormat, unixNanoseconds: @escaping @Sendable () -> Int64,
        write: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
    ) {
        self.label = label
        self.level = level
        self.format = format
        self.unixNanoseconds = unixNanoseconds
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        if let error = event.error { all["error"] = .string(String(describing: error)) }
        let facts = all.sorted { $0.key < $1.key }
        let line =
            switch format {
            case .text: text(event, facts)
            case .json: json(event, facts)
            }
        // One call a line: the kernel keeps lines of several threads apart.
        line.bytes.withUnsafeBytes { write($0) }
    }

    private func text(_ event: LogEvent, _ facts: [(key: String, value: Logger.MetadataValue)]) -> JSONLine {
        var line = JSONLine()
        line.append(Timestamp.text(unixNanoseconds: unixNanoseconds()))
        line.append(" \(event.level.rawValue) \(label): ")
        line.append(escaping: event.message.description, bytesMax: Self.valueBytesMax)
        for (key, value) in facts {
            line.append(" ")
            line.append(escaping: key, bytesMax: LineCursor.fieldBytesMax)
            line.append("=")
            line.append(quoting: value.description, bytesMax: Self.valueBytesMax)
        }
        line.append("\n")
        return line
    }

    private func json(_ event: LogEvent, _ facts: [(key: String, value: Logger.MetadataValue)]) -> JSONLine {
        var line = JSONLine()
        line.append("{\"time\":\"")
        line.append(Timestamp.text(unixNanoseconds: unixNanoseconds()))
        line.append("\",\"level\":\"\(event.level.rawValue)\",\"label\":")
        line.append(quoting: label)
        line.append(",\"message\":")
        line.append(quoting: event.message.description, bytesMax: Self.valueBytesMax)
        if !facts.isEmpty {
            line.append(",\"metadata\":{")
            for (index, fact) in facts.enumerated() {
                if index > 0 { line.append(",") }
                line.append(quoting: fact.key)
                line.append(":")
                line.append(quoting: fact.value.description, bytesMax: Self.valueBytesMax)
            }
            line.append("}")
        }
        line.append("}\n")
        return line
    }
}
