package import IntentProtocol

extension ConfigurationSection {
    /// Every key with its value, in the order of the table; what is absent is left out.
    var shown: JSONValue {
        var fields = JSONObject()
        for key in Self.keys {
            if let value = key.show(self) { fields[key.name] = value }
        }
        return .object(fields)
    }
}

extension GatewayConfiguration {
    /// What is in force, defaults and variables included: secrets are `<redacted>` by their type, passwords and queries of URLs
    /// are cut.
    package var effective: JSONValue { shown }
}

extension ValueKind {
    /// A value as JSON: numbers and switches as such, everything else as the reference table shows it.
    func json(_ value: Value) -> JSONValue {
        if let flag = value as? Bool { return .bool(flag) }
        if let number = value as? Int { return .number(JSONNumber(number)) }
        return .string(show(value))
    }
}
