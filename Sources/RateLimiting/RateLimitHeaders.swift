/// The header values that tell a caller about its limits, in the form of draft-ietf-httpapi-ratelimit-headers.
///
/// `RateLimit-Policy: "tenant-rate-limit";q=1000;w=60` and `RateLimit: "tenant-rate-limit";r=999;t=1`, the limit
/// nearest to refusing first. Shadow limits are not told: they refuse nobody.
package enum RateLimitHeaders {
    /// Appends the value of `RateLimit-Policy`: q is the burst, w the seconds in which it refills.
    ///
    /// - Returns: false, with nothing appended, when no limit is to be told.
    @discardableResult
    package static func appendPolicy(
        _ demands: [BucketDemand], _ admission: Admission, to bytes: inout [UInt8]
    ) -> Bool {
        appendItems(demands, admission, to: &bytes) { demand, _, bytes in
            append(";q=", demand.limit.capacityTokens, to: &bytes)
            append(";w=", demand.limit.windowSeconds, to: &bytes)
        }
    }

    /// Appends the value of `RateLimit`: r is the tokens left, t the seconds until the bucket is full, rounded up.
    ///
    /// - Returns: false, with nothing appended, when no limit is to be told.
    @discardableResult
    package static func appendState(
        _ demands: [BucketDemand], _ admission: Admission, to bytes: inout [UInt8]
    ) -> Bool {
        appendItems(demands, admission, to: &bytes) { _, state, bytes in
            append(";r=", state.remainingTokens, to: &bytes)
            append(";t=", secondsRoundedUp(nanoseconds: state.fullAfterNanoseconds), to: &bytes)
        }
    }

    /// Appends the value of `Retry-After`: whole seconds, rounded up, at least 1.
    ///
    /// - Returns: false, with nothing appended, when the request was admitted or waiting does not help.
    @discardableResult
    package static func appendRetryAfter(_ admission: Admission, to bytes: inout [UInt8]) -> Bool {
        guard case .refused(_, let milliseconds?, _) = admission else { return false }
        append(decimal: max(1, Int(milliseconds / 1000) + (milliseconds % 1000 == 0 ? 0 : 1)), to: &bytes)
        return true
    }

    private static func appendItems(
        _ demands: [BucketDemand], _ admission: Admission, to bytes: inout [UInt8],
        parameters: (BucketDemand, BucketState, inout [UInt8]) -> Void
    ) -> Bool {
        let states = admission.states
        guard demands.count == states.count, let first = states.mostConstrained else { return false }
        appendName(demands[first].limit.name, to: &bytes)
        parameters(demands[first], states[first], &bytes)
        for index in demands.indices where index != first && !states[index].shadow {
            bytes.append(UInt8(ascii: ","))
            bytes.append(UInt8(ascii: " "))
            appendName(demands[index].limit.name, to: &bytes)
            parameters(demands[index], states[index], &bytes)
        }
        return true
    }

    /// A structured-field string holds printable ASCII only, quotes and backslashes escaped; anything else becomes %XX,
    /// so that no rule id can end the header line or forge another limit.
    private static func appendName(_ name: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x20...0x7e: bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes.append(hexDigit(byte >> 4))
                bytes.append(hexDigit(byte & 15))
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    private static func append(_ name: StaticString, _ value: Int, to bytes: inout [UInt8]) {
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        append(decimal: value, to: &bytes)
    }

    private static func append(decimal value: Int, to bytes: inout [UInt8]) {
        let start = bytes.count
        var rest = value.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private static func secondsRoundedUp(nanoseconds: Int64) -> Int {
        Int(nanoseconds / 1_000_000_000) + (nanoseconds % 1_000_000_000 == 0 ? 0 : 1)
    }
}
