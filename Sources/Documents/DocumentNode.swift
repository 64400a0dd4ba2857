/// One value of a YAML or JSON document, and where it stands.
package struct DocumentNode: Sendable, Hashable {
    /// A key of a mapping with its value.
    package struct Member: Sendable, Hashable {
        /// Always a string; unique within its mapping.
        package let key: String
        /// Where the key stands.
        package let keyLocation: SourceLocation
        /// What it is set to.
        package let value: DocumentNode

        /// Makes a member.
        package init(key: String, keyLocation: SourceLocation, value: DocumentNode) {
            self.key = key
            self.keyLocation = keyLocation
            self.value = value
        }
    }

    /// What the value is.
    package enum Kind: Sendable, Hashable {
        /// `null`, `~`, or nothing at all.
        case null
        /// A boolean, a number, or a string.
        case scalar(DocumentScalar)
        /// A list.
        case sequence([DocumentNode])
        /// Keys with values, in the order they came.
        case mapping([Member])
    }

    /// What the value is.
    package let kind: Kind
    /// Where its first character stands; for a value reached through a YAML alias, where the anchor stands.
    package let location: SourceLocation

    /// Makes a node.
    package init(_ kind: Kind, at location: SourceLocation) {
        self.kind = kind
        self.location = location
    }
}

extension DocumentNode {
    /// Whether it is `null`, `~`, or nothing at all.
    package var isNull: Bool {
        if case .null = kind { return true }
        return false
    }

    /// The scalar, if it is one.
    package var scalar: DocumentScalar? {
        if case .scalar(let scalar) = kind { return scalar }
        return nil
    }

    /// The text of a string; nil for numbers and booleans.
    package var string: String? {
        guard let scalar, scalar.kind == .string else { return nil }
        return scalar.text
    }

    /// The entries of a list.
    package var sequence: [DocumentNode]? {
        if case .sequence(let entries) = kind { return entries }
        return nil
    }

    /// The members of a mapping.
    package var mapping: [Member]? {
        if case .mapping(let members) = kind { return members }
        return nil
    }

    /// The value of a key, if this is a mapping that has it.
    package subscript(key: String) -> DocumentNode? {
        mapping?.first { $0.key == key }?.value
    }

    /// What it is in words, for messages: "the integer 8080", "a list".
    package var summary: String {
        switch kind {
        case .null: "null"
        case .scalar(let scalar): scalar.summary
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
