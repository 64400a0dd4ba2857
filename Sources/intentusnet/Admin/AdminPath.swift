/// Parts of the paths of the admin API.
enum AdminPath {
    /// A name as one segment of a path or one value of a query: percent-encoded, where the gateway takes it at all.
    static func segment(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return String(
            text.utf8.flatMap { byte -> [Character] in
                let character = Character(UnicodeScalar(byte))
                let isPlain =
                    character.isASCII && (character.isLetter || character.isNumber || "._-~".contains(character))
                return isPlain ? [character] : ["%", digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            })
    }
}
