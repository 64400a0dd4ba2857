/// The fields of a bucket's key, for a store that names its buckets; one alone is kept inline, so that a demand on it allocates
/// nothing.
package enum KeyFields: Sendable, Hashable {
    /// One field.
    case one(String)
    /// Several, each a field of its own.
    case several([String])

    /// Bytes of all fields together.
    var byteCount: Int {
        switch self {
        case .one(let field): field.utf8.count
        case .several(let fields): fields.reduce(0) { $0 + $1.utf8.count }
        }
    }

    /// Visits the fields in their order.
    func forEach(_ visit: (String) -> Void) {
        switch self {
        case .one(let field): visit(field)
        case .several(let fields): fields.forEach(visit)
        }
    }
}
