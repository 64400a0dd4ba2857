extension RedisCheck {
    /// Tries every command, key and channel of a node; leaves the connection subscribed.
    func rights(_ connection: RedisConnection, _ user: String, _ at: String, _ report: inout RedisReport) async {
        var found = RightsFound()
        if let script = RedisBucketAuthority.scripts.first {
            found.note("script|load", .needed, await ask(connection, CommandWords("SCRIPT", "LOAD", script.text)))
        }
        let isCluster = if case .cluster = settings.topology { true } else { false }
        let trials = RedisRights.trials(
            key: names.key(tag: "check", "probe"), channel: names.channel("check"), isCluster: isCluster,
            database: settings.database)
        for trial in trials { found.note(trial.command, trial.need, await ask(connection, trial.words)) }
        for key in keysOfEachKind {
            var words = CommandWords(wordCount: 2, byteCount: key.count + 3)
            words.append("GET")
            words.append(key)
            // A user without GET is told of that above, and of nothing else here.
            found.note("get", .helpful, await ask(connection, words))
        }
        for (index, channel) in ["agents", SharedKeySets.channelName].enumerated() {
            let reply = await ask(connection, CommandWords("SUBSCRIBE", names.channel(channel)))
            found.note("subscribe", index == 0 ? .needed : .helpful, reply)
        }
        tell(found, user, at, &report)
    }

    private func tell(_ found: RightsFound, _ user: String, _ at: String, _ report: inout RedisReport) {
        let unhelpful = Set(found.unhelpful).subtracting(["get", "subscribe"]).sorted()
        if !unhelpful.isEmpty {
            report.lines.append("  rights: not needed, and not there: \(unhelpful.joined(separator: ", "))")
        }
        guard !found.isComplete else {
            report.lines.append("  rights: every command, key and channel of a gateway")
            return
        }
        let gaps = found.gaps(prefix: names.prefix)
        report.lines.append("  rights: without \(gaps)")
        report.error(
            "\(at): user '\(user)' may not use \(gaps); \(found.remedy(user: user, prefix: names.prefix))")
    }

    /// A name of every kind of key that gateways use; none of them is one that is used.
    private var keysOfEachKind: [[UInt8]] {
        [
            Array("\(names.prefix)bucket:{0000}check".utf8), names.key(tag: "nodes", "check"),
            names.key(tag: "agents", "check"), names.key(tag: "check", "jwks"),
        ]
    }
}
