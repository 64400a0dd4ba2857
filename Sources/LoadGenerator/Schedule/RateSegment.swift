/// A time in which the rate changes evenly from one value to another, or stays.
package struct RateSegment: Sendable, Hashable {
    /// Requests a second at the beginning and at the end; not below 0.
    package var startRate: Double
    package var endRate: Double
    package var seconds: Double

    package init(from startRate: Double, to endRate: Double? = nil, seconds: Double) {
        self.startRate = startRate
        self.endRate = endRate ?? startRate
        self.seconds = seconds
    }

    /// How many requests fall into it.
    package var requests: Double { (startRate + endRate) / 2 * seconds }

    /// When so many of its requests are due, in seconds from its beginning.
    ///
    /// The area below the rate is a·t + (b - a)·t²/2d; solved for t in the form that does not cancel.
    func seconds(atRequest count: Double) -> Double {
        let slope = (endRate - startRate) / seconds
        let root = (startRate * startRate + 2 * slope * count).squareRoot()
        let sum = startRate + (root.isNaN ? 0 : root)
        return sum > 0 ? min(2 * count / sum, seconds) : seconds
    }
}
