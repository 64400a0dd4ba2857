extension HealthState.Report {
    /// `{"status":…,"checks":{name:{"status":…,"message":…}},"timestamp":…}`, the shape of the Python package.
    package func json(unixNanoseconds: Int64) -> [UInt8] {
        var text = JSONLine()
        text.append("{\"status\":\"")
        text.append(status.rawValue)
        text.append("\",\"checks\":{")
        for (index, check) in checks.enumerated() {
            if index > 0 { text.append(",") }
            text.append(quoting: check.name)
            text.append(":{\"status\":\"")
            text.append(check.status.rawValue)
            text.append("\",\"message\":")
            text.append(quoting: check.message)
            text.append("}")
        }
        text.append("},\"timestamp\":\"")
        text.append(Timestamp.text(unixNanoseconds: unixNanoseconds))
        text.append("\"}\n")
        return text.bytes
    }

    /// `{"status":"ready"}` or `{"status":"not_ready","reason":…}`.
    package var readinessJSON: [UInt8] {
        guard let reason = notReadyReason else { return Array("{\"status\":\"ready\"}\n".utf8) }
        return Array("{\"status\":\"not_ready\",\"reason\":\"\(reason)\"}\n".utf8)
    }

    /// `{"status":"live"}`: a process that can say so is alive.
    package static let livenessJSON = Array("{\"status\":\"live\"}\n".utf8)
}
