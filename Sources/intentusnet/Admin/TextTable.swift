/// Rows in columns as wide as their widest text.
struct TextTable {
    /// Where a column's text stands.
    enum Side { case left, right }

    private static let cellCharactersMax = 60

    let columns: [(title: String, side: Side)]
    let rows: [[String]]
    /// What is printed where there are no rows.
    let none: String

    var text: String {
        guard !rows.isEmpty else { return none }
        let cells = ([columns.map(\.title)] + rows).map { $0.map(Self.cell) }
        let widths = columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        let lines = cells.map { row in
            let padded = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return columns[column].side == .left ? row[column] + space : space + row[column]
            }
            return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
        return lines.joined(separator: "\n")
    }

    private static func cell(_ text: String) -> String {
        let shown = printable(text)
        return shown.count > cellCharactersMax ? "\(shown.prefix(cellCharactersMax - 1))…" : shown
    }

    /// Names come from registrations: what moves a terminal's cursor is not printed.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
                        || (0x200b...0x206f).contains(scalar.value)
                        ? "?" : scalar
                }))
    }
}
