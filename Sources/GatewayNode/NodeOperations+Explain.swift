import AdminServer
import Authorization
import Documents
import Gateway
import IntentPolicy
import IntentProtocol

extension NodeOperations {
    /// Says how the policies in force decide about a request, in the lines of `intentusnet policy explain`.
    func explain(_ engine: AdminAction.Engine, _ request: JSONObject) -> AdminReply {
        let node: DocumentNode
        do {
            node = try DocumentParser.json(
                String(decoding: JSONValue.object(request).encoded, as: UTF8.self), file: "request")
        } catch {
            return .refused(400, "INVALID_REQUEST", "'request' cannot be read: \(error)")
        }
        switch engine {
        case .intent: return explainRules(node)
        case .authorization: return explain(node, parts.authorization.current, "authorization.files")
        case .admin: return explain(node, parts.adminAuthorization.current, "admin.authorizationFiles")
        }
    }

    private func explainRules(_ context: DocumentNode) -> AdminReply {
        let policy = parts.policies.current.policy
        guard context["intent"]?.scalar?.kind == .string else {
            return .refused(400, "INVALID_REQUEST", "'request.intent' must be the name of an intent")
        }
        let agents = context["agents"]?.sequence?.map { $0.scalar?.text } ?? [context["agent"]?.scalar?.text]
        guard agents.count <= 100 else { return .refused(400, "INVALID_REQUEST", "at most 100 agents") }
        let asked = PolicyRequest(context: context)
        let decisions = agents.map { agent -> JSONValue in
            [
                "agent": agent.map(JSONValue.string) ?? .null,
                "isAllowed": .bool(policy.evaluate(asked, agent: agent).isAllowed),
            ]
        }
        return answer(PolicyExplainer.explain(policy, asked, agents: agents), decisions)
    }

    private func explain(_ node: DocumentNode, _ policies: CompiledAuthorization?, _ key: String) -> AdminReply {
        guard let policies else {
            return .refused(409, "NO_POLICIES", "the configuration names no policies in \(key)")
        }
        let diagnostics = Diagnostics()
        guard let asked = RequestReader.read(FieldReader(node, into: diagnostics)), !diagnostics.hasErrors else {
            let first = diagnostics.errors.first.map { ": \($0.message)" } ?? ""
            return .refused(400, "INVALID_REQUEST", "'request' cannot be read\(first)")
        }
        let isAllowed = policies.evaluate(asked).isAllowed
        return answer(
            AuthorizationExplainer.explain(policies, asked), [["agent": .null, "isAllowed": .bool(isAllowed)]])
    }

    private func answer(_ text: String, _ decisions: [JSONValue]) -> AdminReply {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { JSONValue.string(String($0)) }
        return AdminReply(["decisions": .array(decisions), "lines": .array(lines)])
    }
}
