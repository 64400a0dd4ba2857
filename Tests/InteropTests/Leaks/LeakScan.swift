import Foundation
import RedisFixtures

/// Everything that came out of a system, and where; looked through for secrets in all their forms.
struct LeakScan {
    /// What is found where.
    struct Leak: Hashable, CustomStringConvertible {
        let secret: String
        let form: String
        let place: String
        let around: String

        var description: String { "\(secret) as \(form) in \(place): …\(around)…" }
    }

    private(set) var places: [(name: String, bytes: Data)] = []

    /// How many bytes there are to look through.
    var byteCount: Int { places.reduce(0) { $0 + $1.bytes.count } }

    mutating func add(_ place: String, _ text: String) { places.append((place, Data(text.utf8))) }

    mutating func add(file path: String) throws {
        places.append((path, try Data(contentsOf: URL(fileURLWithPath: path))))
    }

    /// Every key of a Redis with all that it holds.
    mutating func add(redis: RedisServer) throws {
        let connection = try redis.connection()
        var cursor = "0"
        repeat {
            let page = try connection.roundTrip(["SCAN", cursor, "COUNT", "1000"]).array ?? []
            cursor = page.first?.text ?? "0"
            for key in page.last?.array ?? [] {
                guard let name = key.text else { continue }
                places.append(("Redis, names", Data(name.utf8)))
                places.append(("Redis, \(name)", Data(Self.flat(try Self.value(of: name, connection)))))
            }
        } while cursor != "0"
    }

    private static func value(of key: String, _ connection: RESPConnection) throws -> RESPValue {
        switch try connection.roundTrip(["TYPE", key]).text ?? "" {
        case "string": try connection.roundTrip(["GET", key])
        case "hash": try connection.roundTrip(["HGETALL", key])
        case "list": try connection.roundTrip(["LRANGE", key, "0", "-1"])
        case "set": try connection.roundTrip(["SMEMBERS", key])
        case "zset": try connection.roundTrip(["ZRANGE", key, "0", "-1", "WITHSCORES"])
        case "stream": try connection.roundTrip(["XRANGE", key, "-", "+"])
        case "none": .null
        case let other: throw FixtureError("key \(key) is of the type \(other), which nobody looks into")
        }
    }

    private static func flat(_ value: RESPValue) -> [UInt8] {
        switch value {
        case .status(let text), .error(let text): Array(text.utf8)
        case .integer(let number): Array("\(number)".utf8)
        case .bytes(let bytes): bytes
        case .null: []
        case .array(let values): Array(values.map(flat).joined(separator: [0x0A]))
        }
    }

    /// Every secret that stands somewhere, once for each place and form.
    func leaks(of secrets: [KnownSecret]) -> [Leak] {
        var leaks: [Leak] = []
        for secret in secrets {
            for (form, needle) in secret.forms {
                let needle = Data(needle)
                for (place, bytes) in places {
                    guard let range = bytes.range(of: needle) else { continue }
                    let around = bytes[max(range.lowerBound - 60, 0)..<range.lowerBound]
                    leaks.append(
                        Leak(
                            secret: secret.name, form: form, place: place,
                            around: String(decoding: around, as: UTF8.self)))
                }
            }
        }
        return leaks
    }
}
