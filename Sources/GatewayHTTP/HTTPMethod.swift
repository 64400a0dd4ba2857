/// The methods that a route can allow; any other token is a method that no route allows.
package enum HTTPMethod: String, Sendable, CaseIterable {
    case get = "GET"
    /// As GET; the listener leaves the body of the answer out.
    case head = "HEAD"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"

    init?(_ bytes: UnsafeRawBufferPointer) {
        switch bytes.count {
        case 3 where bytes.equals("GET"): self = .get
        case 3 where bytes.equals("PUT"): self = .put
        case 4 where bytes.equals("POST"): self = .post
        case 4 where bytes.equals("HEAD"): self = .head
        case 6 where bytes.equals("DELETE"): self = .delete
        default: return nil
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these are the bytes of the text.
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Whether these are the bytes of the text, which is in lower case, in any letter case.
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count {
            let byte = self[index]
            let isUpper = byte &- UInt8(ascii: "A") < 26
            guard (isUpper ? byte | 0x20 : byte) == text.utf8Start[index] else { return false }
        }
        return true
    }
}
