import Foundation

/// Whether the long form of the tests was asked for, and where figures go.
enum Soak {
    /// `make soak`: full rates and times, for a release build of the gateway.
    static let isOn = ProcessInfo.processInfo.environment["INTENTUSNET_SOAK"] == "1"

    /// Tells a figure to whoever reads the output of a test run.
    static func note(_ text: String) { print("figure: \(text)") }
}
