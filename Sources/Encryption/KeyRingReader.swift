import Documents
import IntentProtocol

/// Reads the keys of a ring's tree, and notes every fault without a word of what stands there.
struct KeyRingReader {
    let diagnostics: Diagnostics

    private static let names = ["id", "key", "text", "profile", "use", "activeFrom", "opensUntil"]

    /// The keys that could be read; whether there are errors the diagnostics say.
    func keys(_ root: DocumentNode) -> [RingKey] {
        guard let members = root.mapping else {
            error("a key ring is an object with the list keys, or a key alone: 64 hex digits or 32 characters", root)
            return []
        }
        for member in members where member.key != "keys" {
            diagnostics.error("unknown name; known here: keys", at: member.keyLocation)
        }
        guard let list = root["keys"]?.sequence else {
            error("keys must be a list of keys", root["keys"] ?? root)
            return []
        }
        return list.enumerated().compactMap { index, node in key(node, "keys[\(index)]") }
    }

    private func key(_ node: DocumentNode, _ place: String) -> RingKey? {
        guard let members = node.mapping else {
            error("\(place) must be an object with \(Self.names.joined(separator: ", "))", node)
            return nil
        }
        for member in members where !Self.names.contains(member.key) {
            diagnostics.error(
                "\(place) has an unknown name; known here: \(Self.names.joined(separator: ", "))",
                at: member.keyLocation)
        }
        let id = id(node, place)
        let profile = profile(node, place)
        let uses = uses(node, place)
        let bytes = bytes(node, place, profile ?? .v2)
        let activeFrom = time("activeFrom", node, place)
        let opensUntil = time("opensUntil", node, place)
        guard let id, let profile, let uses, let bytes, !diagnostics.hasErrors else { return nil }
        return RingKey(
            id: id, bytes: bytes, profile: profile, uses: uses, activeFromMilliseconds: activeFrom ?? 0,
            opensUntilMilliseconds: opensUntil)
    }

    private func id(_ node: DocumentNode, _ place: String) -> String? {
        guard let value = node["id"], let text = value.string, RingKey.isId(text) else {
            error(
                "\(place).id must be 1 to \(RingKey.idBytesMax) characters of A-Z a-z 0-9 . _ -, in quotes",
                node["id"] ?? node)
            return nil
        }
        return text
    }

    private func bytes(_ node: DocumentNode, _ place: String, _ profile: EMCLProfile) -> KeyBytes? {
        switch (present("key", node), present("text", node)) {
        case (let value?, nil):
            // A key of digits alone is a number to YAML; its text is what was written.
            let text = value.scalar?.text ?? ""
            if let key = KeyBytes(encoded: text.utf8) { return key }
            error(
                "\(place).key must be \(KeyBytes.byteCount) bytes as 44 characters of base64 or 64 hex digits, found "
                    + (value.scalar == nil ? "no text" : "\(text.utf8.count) characters"), value)
        case (nil, let value?):
            guard profile == .v1 else {
                error("\(place).text is for profile v1 alone: give 32 random bytes as key", value)
                return nil
            }
            if let text = value.string, let key = KeyBytes(pythonText: Secret(text)) { return key }
            error("\(place).text must be a text in quotes, and not empty", value)
        case (let value?, .some):
            error("\(place) has both key and text: keep one", value)
        case (nil, nil):
            error("\(place).key is required: make one by intentusnet emcl keygen", node)
        }
        return nil
    }

    private func profile(_ node: DocumentNode, _ place: String) -> EMCLProfile? {
        guard let value = present("profile", node) else { return .v2 }
        if let profile = value.string.flatMap({ EMCLProfile(rawValue: $0) }) { return profile }
        error("\(place).profile must be v1 or v2", value)
        return nil
    }

    private func uses(_ node: DocumentNode, _ place: String) -> Set<KeyUse>? {
        guard let value = present("use", node) else { return Set(KeyUse.allCases) }
        let uses = value.sequence?.compactMap { $0.string.flatMap { KeyUse(rawValue: $0) } } ?? []
        guard !uses.isEmpty, uses.count == value.sequence?.count, Set(uses).count == uses.count else {
            error("\(place).use must be a list of clients, workers or both", value)
            return nil
        }
        return Set(uses)
    }

    private func time(_ name: String, _ node: DocumentNode, _ place: String) -> Int64? {
        guard let value = present(name, node) else { return nil }
        if let time = value.scalar.flatMap({ UTCTime.milliseconds($0.text) }) { return time }
        error("\(place).\(name) must be a time in UTC to the second, such as 2026-11-28T00:00:00Z", value)
        return nil
    }

    private func present(_ name: String, _ node: DocumentNode) -> DocumentNode? {
        node[name].flatMap { $0.isNull ? nil : $0 }
    }

    private func error(_ message: String, _ node: DocumentNode) {
        diagnostics.error(message, at: node.location)
    }
}
