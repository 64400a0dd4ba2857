/// Lines over two axes, as SVG that takes its colours from the page around it.
struct SVGPlot {
    struct Series {
        let name: String
        /// Its colour is the page's `--series-N`.
        let color: Int
        let points: [(x: Double, y: Double)]
        /// What is shown where a pointer rests on a point.
        let notes: [String]
    }

    private static let width = 760.0
    private static let height = 280.0
    private static let left = 62.0
    private static let right = 16.0
    private static let top = 12.0
    private static let bottom = 44.0
    /// Points that can be pointed at.
    private static let notesMax = 240

    /// For those who cannot see it.
    let description: String
    let x: PlotAxis
    let y: PlotAxis
    let series: [Series]

    /// A legend and the plot; nothing where there are no points.
    var html: String {
        guard series.contains(where: { !$0.points.isEmpty }) else { return "<p class=\"quiet\">Nothing to show.</p>" }
        let items = series.map { "<li><span class=\"key s\($0.color)\"></span>\(HTMLText.escaped($0.name))</li>" }
        let legend = series.count > 1 ? "<ul class=\"legend\">\(items.joined())</ul>" : ""
        return legend + svg
    }

    private var svg: String {
        var parts = [
            "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\"\(HTMLText.escaped(description))\">"
        ]
        for tick in y.ticks {
            let at = Self.text(vertical(tick.value))
            parts.append(
                "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" y1=\"\(at)\" y2=\"\(at)\"/>"
            )
            parts.append(
                "<text class=\"tick\" x=\"\(Self.left - 8)\" y=\"\(at)\" dy=\"0.32em\" text-anchor=\"end\">\(tick.label)</text>"
            )
        }
        for tick in x.ticks {
            let at = Self.text(horizontal(tick.value))
            parts.append(
                "<text class=\"tick\" x=\"\(at)\" y=\"\(Self.height - Self.bottom + 18)\" text-anchor=\"middle\">\(tick.label)</text>"
            )
        }
        let base = Self.height - Self.bottom
        parts.append(
            "<line class=\"axis\" x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" y1=\"\(base)\" y2=\"\(base)\"/>"
        )
        parts.append(
            "<text class=\"title\" x=\"\((Self.left + Self.width - Self.right) / 2)\" y=\"\(Self.height - 6)\" text-anchor=\"middle\">\(HTMLText.escaped(x.title))</text>"
        )
        for series in series { parts.append(line(series)) }
        for series in series { parts += notes(series) }
        return parts.joined(separator: "\n") + "\n</svg>"
    }

    private func line(_ series: Series) -> String {
        let points = series.points.map { "\(Self.text(horizontal($0.x))),\(Self.text(vertical($0.y)))" }
        return "<polyline class=\"line s\(series.color)\" points=\"\(points.joined(separator: " "))\"/>"
    }

    private func notes(_ series: Series) -> [String] {
        guard series.points.count <= Self.notesMax else { return [] }
        return zip(series.points, series.notes).map { point, note in
            "<circle class=\"dot s\(series.color)\" cx=\"\(Self.text(horizontal(point.x)))\" cy=\"\(Self.text(vertical(point.y)))\" r=\"5\">"
                + "<title>\(HTMLText.escaped(note))</title></circle>"
        }
    }

    private func horizontal(_ value: Double) -> Double {
        Self.left + x.place(value) * (Self.width - Self.left - Self.right)
    }

    private func vertical(_ value: Double) -> Double {
        Self.height - Self.bottom - y.place(value) * (Self.height - Self.top - Self.bottom)
    }

    private static func text(_ value: Double) -> String { Milliseconds.fixed(value, 1) }
}
