import Foundation

/// A part of an Envoy configuration, written as a literal.
indirect enum EnvoyValue: Sendable, Encodable {
    case text(String)
    case number(Int)
    case toggle(Bool)
    case list([EnvoyValue])
    case object([String: EnvoyValue])

    /// An extension's own part: its message type, and its fields.
    static func typed(_ type: String, _ fields: [String: EnvoyValue] = [:]) -> EnvoyValue {
        .object(fields.merging(["@type": .text("type.googleapis.com/envoy.\(type)")]) { $1 })
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .toggle(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let values): try container.encode(values)
        }
    }

    var json: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }
}

extension EnvoyValue: ExpressibleByStringInterpolation {
    init(stringLiteral value: String) { self = .text(value) }
}

extension EnvoyValue: ExpressibleByIntegerLiteral {
    init(integerLiteral value: Int) { self = .number(value) }
}

extension EnvoyValue: ExpressibleByBooleanLiteral {
    init(booleanLiteral value: Bool) { self = .toggle(value) }
}

extension EnvoyValue: ExpressibleByArrayLiteral {
    init(arrayLiteral elements: EnvoyValue...) { self = .list(elements) }
}

extension EnvoyValue: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, EnvoyValue)...) {
        self = .object(Dictionary(elements) { $1 })
    }
}
