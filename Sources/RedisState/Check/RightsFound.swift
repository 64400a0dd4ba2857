/// What a user of Redis may not do, as its own refusals say.
struct RightsFound: Sendable {
    private(set) var commands: [String] = []
    private(set) var unhelpful: [String] = []
    private(set) var lacksKeys = false
    private(set) var lacksChannels = false

    /// Notes what became of a trial; whatever is no refusal for want of rights counts as allowed.
    mutating func note(_ command: String, _ need: RedisRights.Need, _ reply: RedisConnection.Reply) {
        guard case .failure(.refused(let error)) = reply, error.kind == "NOPERM" else { return }
        if error.message.contains("to run the") {
            switch need {
            case .needed: commands.append(command)
            case .helpful: unhelpful.append(command)
            }
        } else if error.message.contains("channel") {
            lacksChannels = true
        } else {
            lacksKeys = true
        }
    }

    var isComplete: Bool { commands.isEmpty && !lacksKeys && !lacksChannels }

    /// What an administrator adds to the user.
    func remedy(user: String, prefix: String) -> String {
        let rights =
            (lacksKeys ? ["~\(prefix)*"] : []) + (lacksChannels ? ["&\(prefix)*"] : []) + commands.map { "+\($0)" }
        return "ACL SETUSER \(user) \(rights.joined(separator: " "))"
    }

    /// What is missing, in words.
    func gaps(prefix: String) -> String {
        let parts =
            (commands.isEmpty ? [] : ["the commands \(commands.joined(separator: ", "))"])
            + (lacksKeys ? ["some of the keys \(prefix)*"] : [])
            + (lacksChannels ? ["some of the channels \(prefix)*"] : [])
        return parts.joined(separator: ", and ")
    }
}
