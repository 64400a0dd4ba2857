import Documents

extension FieldReader {
    /// Notes an error when a key stands without a value: what is missing there would often have narrowed a policy.
    mutating func refuseNull(_ key: String) {
        if let node = node(key), node.isNull {
            error("\(place(key)) has no value; give it one or remove the key", at: key)
        }
    }

    /// A mapping of strings to strings.
    mutating func stringMap(_ key: String) -> [(key: String, value: String, location: SourceLocation)] {
        guard let child = child(key), child.isMapping else { return [] }
        return child.keys.compactMap { name in
            guard let value = child.peek(name) else {
                child.error("\(child.place(name)) has no value", at: name)
                return nil
            }
            guard let text = value.string else {
                child.error("\(child.place(name)) must be a string, found \(value.summary); put it in quotes", at: name)
                return nil
            }
            return (name, text, value.location)
        }
    }

    /// The entries of a list whose entries must not be null; notes an error when the list is there and empty.
    mutating func filledEntries(_ key: String, max: Int) -> [(name: String, node: DocumentNode)] {
        refuseNull(key)
        guard let entries = entries(key) else { return [] }
        if entries.isEmpty { error("\(place(key)) must not be empty; remove it to state nothing", at: key) }
        return checked(entries, of: key, max: max)
    }

    /// The same for a list that may be empty.
    mutating func boundedEntries(_ key: String, max: Int) -> [(name: String, node: DocumentNode)] {
        refuseNull(key)
        guard let entries = entries(key) else { return [] }
        return checked(entries, of: key, max: max)
    }

    private func checked(
        _ entries: [(name: String, node: DocumentNode)], of key: String, max: Int
    ) -> [(name: String, node: DocumentNode)] {
        if entries.count > max {
            error("\(place(key)) has \(entries.count) entries; at most \(max) are allowed", at: key)
        }
        return entries.prefix(max).filter { entry in
            guard entry.node.isNull else { return true }
            diagnostics.error(
                "\(entry.name) must not be null; what matches everything is written {}", at: entry.node.location)
            return false
        }
    }

    /// A list of strings, none of which is empty or too long.
    mutating func names(
        _ key: String, max: Int = RuleLimits.valuesMax
    ) -> [(text: String, location: SourceLocation)] {
        refuseNull(key)
        guard let values = locatedStrings(key) else { return [] }
        if values.count > max { error("\(place(key)) has \(values.count) values; at most \(max) are allowed", at: key) }
        for value in values where value.text.isEmpty || value.text.utf8.count > RuleLimits.valueBytesMax {
            diagnostics.error(
                "\(place(key)) holds a value that is "
                    + (value.text.isEmpty ? "empty" : "longer than \(RuleLimits.valueBytesMax) bytes"),
                at: value.location)
        }
        return Array(values.prefix(max))
    }
}
