package import Documents
package import IntentProtocol

/// A secret that a configuration holds or names: in the file itself, in a file of its own, or at a source of secrets.
package enum SecretSetting: Sendable, Hashable {
    /// The secret itself; in the file it is warned of.
    case inline(Secret)
    /// The path of a file, as seen from where the configuration file's own name is seen from.
    case path(String)
    /// `secret://…`.
    case reference(SecretReference)

    /// The reference, when it is one.
    package var reference: SecretReference? {
        if case .reference(let reference) = self { reference } else { nil }
    }

    /// As operators are shown it: where it is, never what it is.
    var shown: String {
        switch self {
        case .inline(let secret): secret.description
        case .path(let path): path
        case .reference(let reference): "\(reference)"
        }
    }
}

/// A reference to a secret, and where a configuration makes it.
package struct NamedSecret: Sendable, Hashable {
    /// The way to the key: `store.redis.password`.
    package let key: String
    package let reference: SecretReference
    /// Where it stands; nil when a variable holds it.
    package let location: SourceLocation?
    /// The variable that holds it, when it is one.
    package let variable: String?

    /// `store.redis.password`, or the variable that overrides it, as messages begin.
    package var place: String { variable ?? key }
}

/// Collects the references while a configuration is read.
final class NamedSecrets {
    private(set) var all: [NamedSecret] = []

    func add(_ secret: NamedSecret) { all.append(secret) }

    /// Forgets those of keys that something else replaces.
    func drop(below key: String) { all.removeAll { $0.key.hasPrefix(key) } }
}

extension ValueKind where Value == SecretSetting {
    private static let textBytesMax = 1_024

    /// A secret in the file, or a reference to one.
    static var secret: ValueKind {
        secretKind(
            type: "string or `secret://` reference",
            expectation: "a string of 1 to \(textBytesMax) bytes or a reference such as secret://env/NAME"
        ) { text in
            (1...textBytesMax).contains(text.utf8.count) ? .inline(Secret(text)) : nil
        }
    }

    /// The path of a secret's file, or a reference to the secret; a relative path is not yet resolved.
    static var secretFile: ValueKind {
        let path = ValueKind<String>.text(bytesMax: 4_096, what: "path")
        return secretKind(
            type: "path or `secret://` reference",
            expectation: "a path of 1 to 4096 bytes or a reference such as secret://env/NAME"
        ) { text in
            path.parseVariable(text).map { .path($0) }
        }
    }

    /// A reference alone: the secret may stand in no other place.
    static var secretReference: ValueKind {
        secretKind(type: "`secret://` reference", expectation: "a reference such as secret://env/NAME") { _ in nil }
    }

    private static func secretKind(
        type: String, expectation: String, _ other: @escaping @Sendable (String) -> SecretSetting?
    ) -> ValueKind {
        let parse: @Sendable (String) -> SecretSetting? = { text in
            guard SecretReference.isReference(text) else { return other(text) }
            return (try? SecretReference(text)).map { .reference($0) }
        }
        var kind = ValueKind(
            type: type, expectation: expectation,
            parse: { $0.kind == .string ? parse($0.text) : nil }, parseVariable: parse, show: { _ in "<redacted>" })
        kind.isSecret = true
        kind.hint = { text in
            guard SecretReference.isReference(text) else { return "" }
            do throws(SecretReferenceFault) {
                _ = try SecretReference(text)
                return ""
            } catch {
                return "; \(error.message)" + (error.word.map { NearestWord.hint($0, among: error.known) } ?? "")
            }
        }
        return kind
    }
}

extension ConfigurationKey where Section: ConfigurationSection {
    /// A key with a secret, or a reference to one.
    static func optionalSecret(_ name: String, _ place: Place<SecretSetting?>, _ meaning: String) -> Self {
        optionalSecret(name, place, .secret, meaning)
    }

    /// A key with the path of a secret's file, or a reference to the secret; relative paths start at the folder of the file.
    static func optionalSecretFile(_ name: String, _ place: Place<SecretSetting?>, _ meaning: String) -> Self {
        optionalSecret(name, place, .secretFile, meaning)
    }

    /// A key with a reference to a secret, and never the secret or a path.
    static func optionalSecretReference(_ name: String, _ place: Place<SecretSetting?>, _ meaning: String) -> Self {
        optionalSecret(name, place, .secretReference, meaning)
    }

    private static func optionalSecret(
        _ name: String, _ place: Place<SecretSetting?>, _ kind: ValueKind<SecretSetting>, _ meaning: String
    ) -> Self {
        let row = Row(name: name, type: kind.type, meaning: meaning)
        return Self(
            name: name, references: row.references, show: { $0[keyPath: place].map { .string($0.shown) } }
        ) { reader, section in
            guard let value = read(name, kind, nil, &reader) else { return }
            section[keyPath: place] = reader.noted(value, at: name)
        }
    }
}

extension SectionReader {
    /// Notes the file or the reference of a secret.
    ///
    /// - Returns: the setting with its path resolved.
    func noted(_ setting: SecretSetting, at name: String) -> SecretSetting {
        let variable = override(name, named: nil)?.variable
        let (key, location) = (fields.place(name), variable == nil ? fields.location(of: name) : nil)
        switch setting {
        case .inline: return setting
        case .path(let path):
            let resolved = surroundings.resolved(path: path)
            surroundings.files.add(
                NamedFile(kind: .material, key: key, path: resolved, location: location, variable: variable))
            return .path(resolved)
        case .reference(let reference):
            surroundings.secrets.add(
                NamedSecret(key: key, reference: reference, location: location, variable: variable))
            return setting
        }
    }
}
