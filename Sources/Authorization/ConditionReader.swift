import Documents

/// Reads one entry of `when`.
enum ConditionReader {
    static func read(_ fields: inout FieldReader) -> [RuleTerm] {
        let key = fields.requiredString("key")
        let values = fields.names("values")
        let notValues = fields.names("notValues")
        fields.finish()
        guard let key else { return [] }
        if values.isEmpty, notValues.isEmpty {
            fields.diagnostics.error("\(fields.path) needs values or notValues", at: fields.location)
        }
        let attribute: RuleAttribute
        switch ConditionKey.parse(key) {
        case .attribute(let known): attribute = known
        case .refused(let reason):
            fields.error("\(fields.place("key")): \(reason)", at: "key")
            return []
        }
        for (name, list) in [("values", values), ("notValues", notValues)] {
            for value in list { ValueRules.check(value, attribute, fields.place(name), fields.diagnostics) }
        }
        return [(values, false), (notValues, true)].compactMap { list, isNegated in
            guard !list.isEmpty else { return nil }
            return RuleTerm(
                name: isNegated ? "\(key) (notValues)" : key, attribute: attribute, values: list.map(\.text),
                isNegated: isNegated)
        }
    }
}
