/// One JSON value as the bytes it came as: checked to be valid, and never turned into a tree unless asked.
public struct JSONText: Sendable {
    /// Valid JSON; a part of a larger message when it came in one.
    public let bytes: ArraySlice<UInt8>

    /// Takes bytes that a scanner accepted.
    init(scanned bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    /// Checks bytes and keeps them.
    ///
    /// - Throws: ``JSONSyntaxError`` when they are not one strict JSON value.
    public init(validating bytes: [UInt8], limits: JSONLimits = .default) throws(JSONSyntaxError) {
        try JSONScanner.withScanner(over: bytes, limits: limits) { (scanner) throws(ScanFault) in
            try scanner.skipDocument()
        }
        self.bytes = bytes[...]
    }

    /// Encodes a tree.
    public init(_ value: JSONValue) {
        bytes = value.encoded[...]
    }

    /// The value as a tree.
    public func value() -> JSONValue {
        // These bytes passed the same scanner, under limits that may have been wider than the default ones.
        (try? JSONValue(parsing: bytes, limits: .boundless)) ?? .null
    }
}

extension JSONText: Equatable {
    /// Whether both are the same JSON, however it is spaced or escaped.
    public static func == (left: JSONText, right: JSONText) -> Bool {
        left.bytes == right.bytes || left.value() == right.value()
    }
}
