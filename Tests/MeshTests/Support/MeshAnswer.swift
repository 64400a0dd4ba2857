/// What came back on a connection, head and body.
struct MeshAnswer: Sendable, CustomStringConvertible {
    let description: String

    var status: Int { Int(description.split(separator: " ").dropFirst().first ?? "") ?? 0 }

    /// The value of a header; nil where there is none.
    func header(_ name: String) -> String? {
        description.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }
            .map { String($0.dropFirst(name.count + 2)) }
    }
}
