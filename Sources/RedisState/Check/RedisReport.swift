/// What a look at Redis found: facts for whoever reads, findings for whoever decides.
package struct RedisReport: Sendable, Hashable {
    /// Something that is wrong, with its place and its remedy.
    package struct Finding: Sendable, Hashable {
        /// Whether a gateway cannot work with it.
        package let isError: Bool
        /// Place, fault and remedy in a sentence.
        package let text: String
    }

    /// Lines to print, in their order.
    package internal(set) var lines: [String] = []
    /// Errors and warnings, in the order in which they were found.
    package internal(set) var findings: [Finding] = []

    mutating func error(_ text: String) { findings.append(Finding(isError: true, text: text)) }

    mutating func warning(_ text: String) { findings.append(Finding(isError: false, text: text)) }

    mutating func add(_ other: RedisReport) {
        lines += other.lines
        findings += other.findings
    }
}
