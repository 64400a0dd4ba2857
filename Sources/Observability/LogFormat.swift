package import Logging

/// How the program's own log lines look. In both forms every event is one line, whatever its values hold.
package enum LogFormat: String, Sendable, CaseIterable {
    /// `2026-03-14T15:09:26.535897Z info gateway: listening port="8080"`
    case text
    /// `{"time":…,"level":…,"label":…,"message":…,"metadata":{…}}`
    case json

    /// A handler that writes to standard error, for `LoggingSystem.bootstrap`.
    package func handler(label: String, level: Logger.Level) -> LineLogHandler {
        handler(label: label, level: LogLevel(level))
    }

    /// A handler that writes to standard error from a level on that may change.
    package func handler(label: String, level: LogLevel) -> LineLogHandler {
        LineLogHandler(
            label: label, level: level, format: self, unixNanoseconds: Timestamp.unixNanoseconds,
            write: { lines in _ = DescriptorAuditWriter.write(lines, to: 2, named: "standard error") })
    }
}
