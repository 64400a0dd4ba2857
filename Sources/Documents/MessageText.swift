/// Text of a document made fit for a message: short, and without anything that moves a terminal's cursor.
package enum MessageText {
    /// The text in single quotes.
    package static func quoted(_ text: String) -> String { "'\(shortened(text))'" }

    /// The text without control characters, cut after 60 characters.
    package static func shortened(_ text: String) -> String {
        var shown = ""
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < 60 else { return shown + "…" }
            count += 1
            if isPrintable(scalar) {
                shown.unicodeScalars.append(scalar)
            } else {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return shown
    }

    /// Refuses control, format (such as right-to-left overrides), and separator characters other than the space.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator: false
        case .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
