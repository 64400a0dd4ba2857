import Documents

/// Reads the `spec` of a PeerAuthentication.
enum PeerAuthenticationReader {
    /// The modes as they are written.
    private enum Word: String, CaseIterable {
        case unset = "UNSET"
        case disable = "DISABLE"
        case permissive = "PERMISSIVE"
        case strict = "STRICT"

        var mode: MutualTLSMode? { MutualTLSMode(rawValue: rawValue) }
    }

    static func read(_ spec: inout FieldReader, _ metadata: ResourceMetadata?) -> PeerAuthentication? {
        let labels = AttachmentReader.labels(&spec)
        let mode = mode("mtls", &spec)
        var portModes: [Int: MutualTLSMode?] = [:]
        spec.refuseNull("portLevelMtls")
        if var ports = spec.child("portLevelMtls") {
            for key in ports.keys {
                guard let port = ValueRules.port(key), port > 0 else {
                    _ = ports.node(key)
                    ports.error("\(ports.place(key)) must be a port from 1 to 65535", at: key)
                    continue
                }
                portModes[Int(port)] = .some(Self.mode(key, &ports))
            }
            ports.finish()
        }
        if !portModes.isEmpty, labels == nil {
            spec.error("\(spec.place("portLevelMtls")) needs a selector with labels beside it", at: "portLevelMtls")
        }
        guard let metadata else { return nil }
        return PeerAuthentication(metadata: metadata, labels: labels, mode: mode, portModes: portModes)
    }

    private static func mode(_ key: String, _ fields: inout FieldReader) -> MutualTLSMode? {
        fields.refuseNull(key)
        guard var child = fields.child(key) else { return nil }
        child.refuseNull("mode")
        let word = child.enumeration("mode", as: Word.self)
        child.finish()
        return word?.mode
    }
}
