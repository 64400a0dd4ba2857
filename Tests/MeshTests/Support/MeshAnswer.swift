/// What came back on a connection, head and body.
struct MeshAnswer: Sendable, CustomStringConvertible {
    let description: String

    var status: Int { Int(description.split(separator: " ").dropFirst().first ?? "") ?? 0 }
}
