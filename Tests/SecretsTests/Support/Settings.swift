import IntentProtocol
import Secrets

extension VaultSettings {
    /// For a test's server on this machine.
    static func local(
        _ url: String, login: Login = .token(.env("VAULT_TOKEN")), namespace: String? = nil,
        authorityFile: String? = nil
    ) throws -> VaultSettings {
        VaultSettings(
            address: try ServiceAddress(url, plain: .loopback, named: "VAULT_ADDR"), namespace: namespace,
            authorityFile: authorityFile, login: login)
    }
}

extension AWSSettings {
    /// All services at one address of this machine.
    static func local(_ url: String, profile: String? = nil, authorityFile: String? = nil) throws -> AWSSettings {
        let address = try ServiceAddress(url, plain: .loopback, named: "AWS_ENDPOINT_URL")
        return try AWSSettings(
            region: "eu-central-1", profile: profile,
            endpoints: Dictionary(uniqueKeysWithValues: Service.allCases.map { ($0, address) }),
            authorityFile: authorityFile)
    }
}

extension SecretReference {
    static func env(_ name: String) -> SecretReference { known("secret://env/\(name)") }

    /// A reference that the test knows to be one; a variable that nobody sets otherwise.
    static func known(_ text: String) -> SecretReference {
        if let reference = try? SecretReference(text) { return reference }
        guard let nowhere = try? SecretReference("secret://env/NOT_A_REFERENCE") else { preconditionFailure(text) }
        return nowhere
    }
}

/// The fault of some work; nil when it has none.
func fault<Value>(_ work: () async throws(SourceFault) -> Value) async -> SourceFault? {
    do throws(SourceFault) {
        _ = try await work()
        return nil
    } catch {
        return error
    }
}

/// The fault of some work; nil when it has none.
func secretFault<Value>(_ work: () async throws(SecretFault) -> Value) async -> SecretFault? {
    do throws(SecretFault) {
        _ = try await work()
        return nil
    } catch {
        return error
    }
}
