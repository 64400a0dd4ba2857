import Foundation

/// One direction of a plot: what it spans, and where its ticks are.
struct PlotAxis {
    enum Scale {
        case linear
        /// Values at or below the lower end lie on it.
        case logarithmic
    }

    let title: String
    let scale: Scale
    let range: ClosedRange<Double>
    let ticks: [(value: Double, label: String)]

    /// Where a value lies, from 0 to 1.
    func place(_ value: Double) -> Double {
        let part =
            switch scale {
            case .linear: (value - range.lowerBound) / (range.upperBound - range.lowerBound)
            case .logarithmic:
                log(Swift.max(value, range.lowerBound) / range.lowerBound) / log(range.upperBound / range.lowerBound)
            }
        return min(Swift.max(part, 0), 1)
    }

    /// From 0 to somewhat above the greatest value, with ticks at round numbers.
    static func linear(_ title: String, upTo greatest: Double, label: (Double) -> String) -> PlotAxis {
        let target = Swift.max(greatest, 1e-9) / 5
        let magnitude = pow(10, floor(log10(target)))
        let step = [1, 2, 5, 10].map { $0 * magnitude }.first { $0 >= target } ?? 10 * magnitude
        let count = Int((Swift.max(greatest, 1e-9) / step).rounded(.up))
        let ticks = (0...Swift.max(count, 1)).map { (value: Double($0) * step, label: label(Double($0) * step)) }
        return PlotAxis(title: title, scale: .linear, range: 0...(ticks.last?.value ?? 1), ticks: ticks)
    }

    /// Powers of ten around the values.
    static func logarithmic(_ title: String, _ least: Double, _ greatest: Double, label: (Double) -> String) -> PlotAxis
    {
        let low = floor(log10(Swift.max(least, 1)))
        let high = Swift.max(ceil(log10(Swift.max(greatest, 10))), low + 1)
        let ticks = stride(from: low, through: high, by: 1).map { (value: pow(10, $0), label: label(pow(10, $0))) }
        return PlotAxis(title: title, scale: .logarithmic, range: pow(10, low)...pow(10, high), ticks: ticks)
    }
}
