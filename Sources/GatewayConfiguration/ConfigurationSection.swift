import Documents

/// A mapping of the configuration file as a value.
protocol ConfigurationSection: Sendable {
    /// The value with every key absent.
    init()

    /// Every key the mapping may have; the reader and the reference table both come from here.
    static var keys: [ConfigurationKey<Self>] { get }

    /// Notes what no single key can tell: keys that exclude or need each other, and what is allowed but unwise.
    func check(_ reader: SectionReader)
}

extension ConfigurationSection {
    func check(_ reader: SectionReader) {}

    /// Reads the section, with its checks, and reports unknown keys.
    init(reading reader: inout SectionReader) {
        self.init()
        for key in Self.keys { key.read(&reader, &self) }
        if reader.fields.isMapping { check(reader) }
        reader.fields.finish()
    }
}
