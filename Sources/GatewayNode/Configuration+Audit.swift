import Documents
import Foundation
import GatewayConfiguration
import IntentProtocol
import Observability

extension NodeAudit {
    /// Opens the output that the configuration names.
    ///
    /// - Throws: ``ConfigurationRefused`` when the key is none, or when records cannot be kept and then nothing is to be served.
    init(_ audit: GatewayConfiguration.Audit, shards: Int) throws {
        var owner = JSONLinesAuditSink.Owner()
        owner.node = audit.node ?? Self.hostName
        owner.key = try AuditKey(configured: audit)
        owner.mode = audit.mode == .block ? .block : .drop
        let writer: (any AuditWriter)?
        do {
            writer = try AuditOutput(audit, node: owner.node).writer()
        } catch {
            throw ConfigurationRefused([Diagnostic(.error, "audit.file: \(error)")])
        }
        guard let writer else {
            self.init(log: nil)
            return
        }
        if audit.mode == .block, audit.output == .file, let trouble = writer.trouble {
            throw ConfigurationRefused([
                Diagnostic(.error, "audit.file: \(trouble); audit.mode is block, so nothing is served without it")
            ])
        }
        var limits = JSONLinesAuditSink.Limits()
        limits.shards = shards
        limits.bufferedBytesMax = audit.bufferBytesMax
        // Fewer, larger writes: a wake-up of the writing thread costs more than the bytes that it writes.
        limits.batchBytes = 256 << 10
        limits.checkpointIntervalMilliseconds = audit.checkpointSeconds * 1_000
        self.init(log: JSONLinesAuditSink(writer: writer, owner: owner, limits: limits))
    }

    /// The host's name as far as it stands in a record without being escaped.
    private static var hostName: String {
        let name = ProcessInfo.processInfo.hostName.utf8.prefix(255).map { byte in
            let isPlain = byte < 0x80 && Character(Unicode.Scalar(byte)).isLetter || (0x30...0x39).contains(byte)
            return isPlain || byte == UInt8(ascii: ".") ? byte : UInt8(ascii: "-")
        }
        return name.isEmpty ? "node" : String(decoding: name, as: UTF8.self)
    }
}

extension AuditOutput {
    init(_ audit: GatewayConfiguration.Audit, node: String) {
        self =
            switch audit.output {
            case .stdout: .standardOutput
            case .none: .none
            case .file: .file(path: audit.file ?? "", FileAuditWriter.Rotation(audit.rotation))
            case .syslog: .syslog(audit.syslog ?? GatewayConfiguration.AuditSyslog(), node: node)
            }
    }

    private static func syslog(_ syslog: GatewayConfiguration.AuditSyslog, node: String) -> AuditOutput {
        let address: SyslogAddress =
            switch syslog.address {
            case .unix(let path): .unix(path: path)
            case .udp(let place): .udp(host: place.host, port: place.port)
            case .tcp(let place): .tcp(host: place.host, port: place.port)
            }
        return .syslog(address, facility: syslog.facility.number, node: node)
    }
}

extension FileAuditWriter.Rotation {
    init(_ rotation: GatewayConfiguration.AuditRotation) {
        self.init()
        bytesMax = Int64(rotation.bytesMax)
        periodSeconds = Int64(rotation.periodSeconds)
        keep = rotation.keep
    }
}

extension AuditKey {
    /// - Throws: ``ConfigurationRefused`` when the file cannot be read or is too short.
    init(configured audit: GatewayConfiguration.Audit) throws {
        let bytes: [UInt8]
        if let path = audit.keyFile {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw ConfigurationRefused([Diagnostic(.error, "audit.keyFile: '\(path)' cannot be read")])
            }
            bytes = Array(data)
        } else if let key = audit.key {
            bytes = Array(key.reveal().utf8)
        } else {
            self = .none
            return
        }
        guard let key = AuditKey(bytes) else {
            let place = audit.keyFile.map { "audit.keyFile: '\($0)'" } ?? "audit.key"
            throw ConfigurationRefused([
                Diagnostic(.error, "\(place) must have at least \(AuditKey.bytesMin) bytes")
            ])
        }
        self = key
    }
}
