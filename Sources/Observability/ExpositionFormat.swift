/// How a scrape is written.
package enum ExpositionFormat: Sendable {
    /// Prometheus' text format 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.0, which has room for exemplars.
    case openMetrics

    /// The media type that says so.
    package var contentType: StaticString {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// What a scraper prefers by its `Accept` (RFC 9110, section 12.5.1): OpenMetrics where it is named and nothing else that is
    /// served here is wanted more; the older format for everybody who does not know of it.
    package init(accepting accept: some Sequence<ArraySlice<UInt8>>) {
        var (open, text) = (0, 0)
        for line in accept {
            for range in line.split(separator: UInt8(ascii: ",")) {
                let parts = range.split(separator: UInt8(ascii: ";")).map(Self.word)
                guard let type = parts.first else { continue }
                let weight = Self.weight(parts.dropFirst())
                if type == "application/openmetrics-text" {
                    let version = parts.dropFirst().first { $0.hasPrefix("version=") }?.dropFirst("version=".count)
                    if version == nil || version == "1.0.0" { open = max(open, weight) }
                } else if ["text/plain", "text/*", "*/*"].contains(type) {
                    text = max(text, weight)
                }
            }
        }
        self = open > 0 && open >= text ? .openMetrics : .prometheus
    }

    /// In lower case, without white space and quotes.
    private static func word(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self).lowercased().filter { !$0.isWhitespace && $0 != "\"" }
    }

    /// `q=0.5` in thousandths; 1000 where nothing or no number is said.
    private static func weight(_ parameters: ArraySlice<String>) -> Int {
        guard let text = parameters.first(where: { $0.hasPrefix("q=") })?.dropFirst(2), let weight = Double(text),
            (0...1).contains(weight)
        else { return 1_000 }
        return Int(weight * 1_000)
    }
}
