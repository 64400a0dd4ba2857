/// How long a response stays fresh by its own words (RFC 9111).
enum CacheControl {
    /// `max-age` less `Age`, in seconds; 0 for `no-store` and `no-cache`; nil when nothing is said.
    static func freshForSeconds(cacheControl: [String], age: String?) -> Int64? {
        var maxAge: Int64?
        for directive in cacheControl.joined(separator: ",").lowercased().split(separator: ",") {
            let directive = directive.drop { $0 == " " || $0 == "\t" }
            let name = directive.prefix { $0 != "=" && $0 != " " }
            switch name {
            case "no-store", "no-cache": return 0
            case "max-age":
                let value = directive.dropFirst(name.count + 1).filter { $0 != "\"" && $0 != " " }
                // Of two that differ the shorter one is safe; one that is no number says nothing.
                if let seconds = seconds(String(value)) { maxAge = min(maxAge ?? seconds, seconds) }
            default: continue
            }
        }
        guard let maxAge else { return nil }
        return max(maxAge - (age.flatMap(seconds) ?? 0), 0)
    }

    private static func seconds(_ text: String) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        // A number beyond what fits is a very long time, not none.
        return Int64(text) ?? Int64.max / 2
    }
}
