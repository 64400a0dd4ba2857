package import Documents

/// A file that a configuration names, and where it does so.
package struct NamedFile: Sendable, Hashable {
    /// What the file is.
    package enum Kind: Sendable, Hashable {
        /// Rules.
        case policy
        /// A file of the mesh's resources, or a folder of such files.
        case authorization
        /// A file of policies for the admin API, or a folder of such files.
        case adminAuthorization
        /// A JWKS.
        case keySet
        /// Certificates, keys and secrets, which are read when they are used.
        case material
        /// A file that is written, and need not be there.
        case output
    }

    package let kind: Kind
    /// The way to the key that names it: `policy.files[0]`.
    package let key: String
    /// As seen from where the configuration file's own name is seen from.
    package let path: String
    /// Where it is named; nil when a variable names it.
    package let location: SourceLocation?
    /// The variable that names it, when it is one.
    package let variable: String?

    /// `'path'`, with the variable that names it, as messages begin.
    package var description: String { variable.map { "\($0): '\(path)'" } ?? "'\(path)'" }
}

/// Collects the files that a configuration names while it is read, whatever else may be wrong with it.
final class NamedFiles {
    private(set) var all: [NamedFile] = []

    func add(_ file: NamedFile) { all.append(file) }
}
