import Documents

/// A value of a document, read without the gateway's own readers of policies: what is not there is empty.
struct PlainNode {
    let node: DocumentNode?

    subscript(key: String) -> PlainNode { PlainNode(node: node?[key]) }

    var isAbsent: Bool { node?.isNull ?? true }
    var text: String { node?.scalar?.text ?? "" }
    var texts: [String] { list.map(\.text) }
    var list: [PlainNode] { (node?.sequence ?? []).map { PlainNode(node: $0) } }
    var members: [(key: String, value: PlainNode)] {
        (node?.mapping ?? []).map { ($0.key, PlainNode(node: $0.value)) }
    }

    /// The same for a JSON text.
    var value: EnvoyValue {
        if let list = node?.sequence { return .list(list.map { PlainNode(node: $0).value }) }
        if node?.mapping != nil { return .object(Dictionary(members.map { ($0.key, $0.value.value) }) { $1 }) }
        if let string = node?.string { return .text(string) }
        if let number = Int(text) { return .number(number) }
        return .toggle(text == "true")
    }
}
