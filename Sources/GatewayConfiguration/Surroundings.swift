import Documents

/// What stands around a configuration file: its folder and the environment.
struct Surroundings {
    private static let prefix = "INTENTUSNET_"

    /// The files named so far.
    let files = NamedFiles()
    /// The references to secrets so far.
    let secrets = NamedSecrets()
    private let folder: String
    private let environment: [String: String]

    init(file: String, environment: [String: String]) {
        folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        self.environment = environment
    }

    /// The text of a variable; an empty one counts as not set, as compose files and charts often leave them.
    func value(of variable: String) -> String? {
        guard let text = environment[variable], !text.isEmpty else { return nil }
        return text
    }

    /// A path as seen from where the file's own name is seen from: relative paths start at the file's folder.
    func resolved(path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        return folder + (path.hasPrefix("./") ? String(path.dropFirst(2)) : path)
    }

    /// `listen.headerBytesMax` → `INTENTUSNET_LISTEN_HEADER_BYTES_MAX`.
    static func variable(for path: String) -> String {
        var name = prefix
        for character in path {
            if character == "." {
                name += "_"
            } else {
                name += (character.isUppercase ? "_" : "") + character.uppercased()
            }
        }
        return name
    }

    /// Warns of variables that look like ours and do nothing.
    func checkVariables(known: [String], into diagnostics: Diagnostics) {
        let set = Set(known)
        let suffixes = known.map { String($0.dropFirst(Self.prefix.count)) }
        for name in environment.keys.sorted() where name.hasPrefix(Self.prefix) && !set.contains(name) {
            guard !ForeignVariables.contains(name) else { continue }
            // Compared without the prefix, or any two names would look alike.
            let nearest = NearestWord.of(String(name.dropFirst(Self.prefix.count)), among: suffixes)
            let hint = nearest.map { "; did you mean '\(Self.prefix)\($0)'?" } ?? ""
            diagnostics.warning("unknown environment variable \(MessageText.quoted(name)) is ignored\(hint)", at: nil)
        }
    }
}
