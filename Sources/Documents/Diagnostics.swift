/// Collects what is wrong with one or several documents, so that a user learns everything at once.
package final class Diagnostics {
    /// Everything said so far, in the order it was said.
    package private(set) var all: [Diagnostic] = []

    /// Starts empty.
    package init() {}

    /// The errors, in the order of their places.
    package var errors: [Diagnostic] { sorted.filter { $0.severity == .error } }

    /// The warnings, in the order of their places.
    package var warnings: [Diagnostic] { sorted.filter { $0.severity == .warning } }

    /// Whether anything said so far forbids the use of the documents.
    package var hasErrors: Bool { all.contains { $0.severity == .error } }

    /// Everything, file by file in the order the files were first named, top to bottom; what has no place comes last.
    package var sorted: [Diagnostic] {
        var order: [String: Int] = [:]
        for case let file? in all.map(\.location?.file) where order[file] == nil { order[file] = order.count }
        func rank(_ entry: (offset: Int, element: Diagnostic)) -> (Int, Int, Int, Int) {
            guard let location = entry.element.location else { return (Int.max, 0, 0, entry.offset) }
            return (order[location.file] ?? 0, location.line, location.column, entry.offset)
        }
        return all.enumerated().sorted { rank($0) < rank($1) }.map(\.element)
    }

    /// Notes an error.
    package func error(_ message: String, at location: SourceLocation?) {
        all.append(Diagnostic(.error, message, at: location))
    }

    /// Notes a warning.
    package func warning(_ message: String, at location: SourceLocation?) {
        all.append(Diagnostic(.warning, message, at: location))
    }

    /// Takes over what another reader found.
    package func add(_ diagnostics: [Diagnostic]) {
        all.append(contentsOf: diagnostics)
    }

    /// Takes over why a document could not be read.
    package func add(_ error: DiagnosticError) {
        add(error.diagnostics)
    }
}
