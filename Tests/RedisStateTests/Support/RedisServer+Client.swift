import RedisFixtures

@testable import RedisState

extension RedisServer {
    var address: RedisAddress { RedisAddress(host: "127.0.0.1", port: port) }
}

extension RedisServerOptions {
    static func password(_ password: String) -> RedisServerOptions {
        var options = RedisServerOptions()
        options.password = password
        return options
    }

    static func lines(_ lines: String...) -> RedisServerOptions {
        var options = RedisServerOptions()
        options.lines = lines
        return options
    }
}

extension RedisSettings {
    static func standalone(_ port: Int) -> RedisSettings {
        RedisSettings(topology: .standalone(RedisAddress(host: "127.0.0.1", port: port)))
    }

    static func sentinels(_ ports: [Int], name: String = "mymaster") -> RedisSettings {
        let addresses = ports.map { RedisAddress(host: "127.0.0.1", port: $0) }
        return RedisSettings(topology: .sentinel(addresses: addresses, masterName: name))
    }

    static func cluster(_ ports: [Int]) -> RedisSettings {
        RedisSettings(topology: .cluster(ports.map { RedisAddress(host: "127.0.0.1", port: $0) }))
    }
}
