import Yams

/// One YAML text as a tree of ours.
struct YAMLDocument {
    private let file: String
    private let limits: DocumentLimits
    private let takesIntegerKeys: Bool
    private var nodes = 0
    private var faults: [Diagnostic] = []

    private init(file: String, limits: DocumentLimits, takesIntegerKeys: Bool) {
        self.file = file
        self.limits = limits
        self.takesIntegerKeys = takesIntegerKeys
    }

    static func parse(_ text: String, file: String, limits: DocumentLimits) throws(DiagnosticError) -> DocumentNode {
        var document = YAMLDocument(file: file, limits: limits, takesIntegerKeys: false)
        return try document.roots(of: text, isStream: false).first
            ?? DocumentNode(.null, at: SourceLocation(file: file, line: 1, column: 1))
    }

    /// Every document of a text; the limits count for all of them together.
    static func parseStream(
        _ text: String, file: String, limits: DocumentLimits
    ) throws(DiagnosticError) -> [DocumentNode] {
        var document = YAMLDocument(file: file, limits: limits, takesIntegerKeys: true)
        return try document.roots(of: text, isStream: true)
    }

    private mutating func roots(of text: String, isStream: Bool) throws(DiagnosticError) -> [DocumentNode] {
        // A byte order mark is allowed at the start of YAML and is no part of the first key.
        let text = text.unicodeScalars.first == "\u{feff}" ? String(text.unicodeScalars.dropFirst()) : text
        if let offset = AliasGuard.firstExplosiveKey(in: text) {
            var lines = LineIndex(Array(text.utf8), file: file)
            throw DiagnosticError(
                "too many aliases beside keys that are not plain text", at: lines.location(ofByte: offset))
        }
        var roots: [Node] = []
        do {
            let parser = try Parser(yaml: text, resolver: .basic)
            if isStream {
                while let root = try parser.nextRoot() {
                    roots.append(root)
                    guard roots.count <= limits.nodesMax else { break }
                }
            } else if let root = try parser.singleRoot() {
                roots = [root]
            }
        } catch let error as YamlError {
            throw DiagnosticError([YAMLFault.diagnostic(error, text: text, file: file)])
        } catch {
            throw DiagnosticError("not valid YAML", at: SourceLocation(file: file, line: 1, column: 1))
        }
        var nodes: [DocumentNode] = []
        for root in roots { nodes.append(try convert(root, depth: 0)) }
        guard faults.isEmpty else { throw DiagnosticError(faults) }
        return nodes
    }

    private mutating func convert(_ node: Node, depth: Int) throws(DiagnosticError) -> DocumentNode {
        let location = place(of: node)
        nodes += 1
        guard nodes <= limits.nodesMax else {
            throw DiagnosticError(faults + [tooMuch("more than \(limits.nodesMax) values", location)])
        }
        guard depth < limits.depthMax || node.scalar != nil else {
            throw DiagnosticError(faults + [tooMuch("nested deeper than \(limits.depthMax) levels", location)])
        }
        switch node {
        case .scalar(let scalar):
            return DocumentNode(kind(of: scalar, at: location), at: location)
        case .sequence(let sequence):
            checkTag(sequence.tag, isOneOf: ["tag:yaml.org,2002:seq"], at: location)
            var entries: [DocumentNode] = []
            for entry in sequence { entries.append(try convert(entry, depth: depth + 1)) }
            return DocumentNode(.sequence(entries), at: location)
        case .mapping(let mapping):
            checkTag(mapping.tag, isOneOf: ["tag:yaml.org,2002:map"], at: location)
            return DocumentNode(.mapping(try members(of: mapping, depth: depth)), at: location)
        case .alias:
            faults.append(Diagnostic(.error, "an alias names no anchor", at: location))
            return DocumentNode(.null, at: location)
        }
    }

    private mutating func members(
        of mapping: Node.Mapping, depth: Int
    ) throws(DiagnosticError) -> [DocumentNode.Member] {
        var members: [DocumentNode.Member] = []
        var firstLines: [String: Int] = [:]
        for (keyNode, valueNode) in mapping {
            let location = place(of: keyNode)
            let value = try convert(valueNode, depth: depth + 1)
            guard let key = key(of: keyNode, at: location) else { continue }
            if let line = firstLines[key] {
                faults.append(JSONDocument.duplicateKey(key, firstLine: line, at: location))
                continue
            }
            firstLines[key] = location.line
            members.append(DocumentNode.Member(key: key, keyLocation: location, value: value))
        }
        return members
    }

    private mutating func key(of node: Node, at location: SourceLocation) -> String? {
        guard case .scalar(let scalar) = node else {
            faults.append(Diagnostic(.error, "a key must be a string, not a list or a mapping", at: location))
            return nil
        }
        guard scalar.style == .plain else { return scalar.string }
        if scalar.string == "<<" {
            faults.append(Diagnostic(.error, "merge keys ('<<') are not supported; write the keys out", at: location))
            return nil
        }
        let kind = CoreSchema.kind(ofPlain: scalar.string)
        if case .scalar(let resolved) = kind {
            if resolved.kind == .string || takesIntegerKeys && resolved.kind == .integer { return scalar.string }
        }
        let summary = DocumentNode(kind, at: location).summary
        faults.append(Diagnostic(.error, "a key must be a string, found \(summary); put it in quotes", at: location))
        return nil
    }

    private mutating func kind(of scalar: Node.Scalar, at location: SourceLocation) -> DocumentNode.Kind {
        let isPlain = scalar.style == .plain
        let tag = scalar.tag.description
        if isPlain, tag.isEmpty { return CoreSchema.kind(ofPlain: scalar.string) }
        checkTag(scalar.tag, isOneOf: ["tag:yaml.org,2002:str"], at: location)
        return .scalar(DocumentScalar(.string, text: scalar.string, isQuoted: !isPlain))
    }

    private mutating func checkTag(_ tag: Tag, isOneOf known: [String], at location: SourceLocation) {
        let name = tag.description
        guard !name.isEmpty, name != "!", !known.contains(name) else { return }
        faults.append(
            Diagnostic(.error, "YAML tags such as \(MessageText.quoted(name)) are not supported", at: location))
    }

    private func place(of node: Node) -> SourceLocation {
        SourceLocation(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    private func tooMuch(_ what: String, _ location: SourceLocation) -> Diagnostic {
        Diagnostic(.error, "the document is too large: \(what)", at: location)
    }
}
