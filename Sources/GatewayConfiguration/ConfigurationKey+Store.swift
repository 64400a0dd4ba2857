import Documents
import IntentProtocol

extension ConfigurationKey where Section == GatewayConfiguration {
    /// `store`: a word, a URL, or a mapping; a variable replaces all of it.
    static var store: Self {
        let row = Row(
            name: "store", type: "memory, redis:// URL or mapping", defaultText: { "memory" },
            meaning: "Where shared state lives: in this process, or in Redis.")
        let expectation = "memory, a redis:// or rediss:// URL, or a mapping with redis"
        return Self(
            name: "store",
            references: { path, hasVariables in
                row.references(path, hasVariables)
                    + GatewayConfiguration.Store.keys.flatMap { $0.references("store", hasVariables) }
            }, show: { $0.store.redis == nil ? "memory" : $0.store.shown }
        ) { reader, section in
            if let scalar = reader.fields.peek("store")?.scalar {
                _ = reader.fields.value("store")
                if let store = parse(scalar.text) {
                    section.store = store
                    readPassword(reader, &section)
                } else {
                    let place = reader.fields.place("store")
                    let found = shown(scalar.text).map(MessageText.quoted) ?? SectionReader.concealed
                    reader.fields.error("\(place) must be \(expectation), found \(found)", at: "store")
                }
            } else {
                var child = reader.section("store")
                section.store = GatewayConfiguration.Store(reading: &child)
            }
            guard let override = reader.override("store", named: nil) else { return }
            guard let store = parse(override.text) else {
                return reader.report(
                    variable: override.variable, shown(override.text),
                    mustBe: "memory or a redis:// or rediss:// URL", hint: "")
            }
            section.store = store
            // What the file named below the key counts no more, and is not fetched.
            reader.surroundings.secrets.drop(below: "store.")
            readPassword(reader, &section)
        }
    }

    /// The text for a message; nil when it is more than a word, for it may hold a password then.
    private static func shown(_ text: String) -> String? {
        text.allSatisfy { $0.isASCII && $0.isLetter } ? text : nil
    }

    /// Reads the password's variable where the store is a URL, which has no mapping whose variables would be looked at, and in
    /// which the password had better not be.
    private static func readPassword(_ reader: SectionReader, _ section: inout Section) {
        let name = Surroundings.variable(for: "store.redis.password")
        guard section.store.redis != nil, let text = reader.surroundings.value(of: name) else { return }
        let kind = ValueKind<SecretSetting>.secret
        guard let password = kind.parseVariable(text) else {
            return reader.report(variable: name, nil, mustBe: kind.expectation, hint: kind.hint(text))
        }
        section.store.redis?.password = password
        guard let reference = password.reference else { return }
        reader.surroundings.secrets.add(
            NamedSecret(key: "store.redis.password", reference: reference, location: nil, variable: name))
    }

    private static func parse(_ text: String) -> GatewayConfiguration.Store? {
        var store = GatewayConfiguration.Store()
        if text == "memory" { return store }
        guard let url = RedisURL(text) else { return nil }
        store.redis = GatewayConfiguration.Redis()
        store.redis?.url = url
        return store
    }
}

extension ConfigurationKey where Section: ConfigurationSection {
    /// A mapping that turns something on by being there, and whose keys variables override then.
    static func sectionWithVariables<Child: ConfigurationSection>(
        _ name: String, _ place: Place<Child?>, _ meaning: String
    ) -> Self {
        let row = Row(name: name, type: "mapping", meaning: meaning, hasVariable: false)
        return Self(
            name: name,
            references: { path, hasVariables in
                row.references(path, hasVariables)
                    + Child.keys.flatMap { $0.references(Self.path(path, name), hasVariables) }
            }, show: { $0[keyPath: place]?.shown }
        ) { reader, section in
            guard var child = reader.optionalSection(name, hasVariables: reader.hasVariables) else { return }
            section[keyPath: place] = Child(reading: &child)
        }
    }
}

extension ValueKind where Value == RedisURL {
    static var redisURL: ValueKind {
        // A URL that cannot be read may hold a password all the same.
        ValueKind(
            type: "redis:// or rediss:// URL",
            expectation: "redis://host:port or rediss://host:port, with no path but a database",
            parse: { $0.kind == .string ? RedisURL($0.text) : nil }, parseVariable: { RedisURL($0) },
            show: { $0.withoutSecrets }, isSecret: true)
    }
}

extension ValueKind where Value == Secret {
    static var secret: ValueKind {
        ValueKind(
            type: "string", expectation: "a string of 1 to 1024 bytes",
            parse: { (1...1_024).contains($0.text.utf8.count) && $0.kind == .string ? Secret($0.text) : nil },
            parseVariable: { (1...1_024).contains($0.utf8.count) ? Secret($0) : nil }, show: { $0.description },
            isSecret: true)
    }
}
