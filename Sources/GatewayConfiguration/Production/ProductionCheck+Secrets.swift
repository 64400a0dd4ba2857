extension ProductionCheck {
    /// Last names of the keys whose files hold a secret.
    private static let secretKeys: Set<String> = [
        "keyFile", "keyRingFile", "passwordFile", "sentinelPasswordFile", "sealFile", "secretFile", "formerSecretFile",
        "tokenFile", "secretIdFile",
    ]
    private static let readableByAll = 0o004
    private static let writableByOthers = 0o022

    /// Secrets in secure storage.
    static let secrets: [ProductionCheck] = [
        ProductionCheck(
            "secrets.inline", "No secret in the configuration file", at: "gateway.yaml",
            fulfilled: "secrets are references, files or variables"
        ) { configuration, facts, notes in
            for key in facts.inlineSecrets {
                notes.fail(
                    key, "a secret stands in the file", remedy: "use a secret:// reference, a file or a variable")
            }
            for issuer in configuration.authentication.issuers where issuer.jwks.url?.contains("?") == true {
                notes.warn(
                    "authentication.issuers '\(issuer.issuer)'",
                    "jwks.url has a query, where keys of services often stand",
                    remedy: "look whether it is a secret")
            }
        },
        ProductionCheck(
            "secrets.files", "Files with secrets are for their owner", at: "files",
            fulfilled: "no file with a secret can be read by everybody, or changed by others"
        ) { _, facts, notes in
            for file in facts.files where isSecret(file.key) {
                if file.mode & readableByAll != 0 {
                    notes.fail(
                        "\(file.key) \(file.path)", "mode \(octal(file.mode)) lets every user of the machine read it",
                        remedy: "chmod 640 or less; in a Kubernetes volume defaultMode: 0440")
                } else if file.mode & writableByOthers != 0 {
                    notes.fail(
                        "\(file.key) \(file.path)", "mode \(octal(file.mode)) lets others change it",
                        remedy: "chmod 640 or less")
                }
            }
        },
        ProductionCheck(
            "files.writable", "Nobody else changes what the gateway believes", at: "files",
            fulfilled: "policies, keys and certificates are changed by their owner alone"
        ) { _, facts, notes in
            for file in facts.files where !isSecret(file.key) && file.mode & writableByOthers != 0 {
                notes.fail(
                    "\(file.key) \(file.path)", "mode \(octal(file.mode)) lets others change it", remedy: "chmod go-w")
            }
        },
        ProductionCheck(
            "secrets.sources", "Sources of secrets are asked over https", at: "secrets",
            fulfilled: "plain http goes to this machine alone"
        ) { configuration, _, notes in
            let (vault, aws) = (configuration.secrets.vault, configuration.secrets.aws)
            if vault.allowInsecureHttp {
                notes.fail(
                    "secrets.vault.allowInsecureHttp", "Vault's token and secrets cross the network in plain text",
                    remedy: "use https")
            }
            if aws.allowInsecureHttp {
                notes.fail(
                    "secrets.aws.allowInsecureHttp", "secrets cross the network in plain text", remedy: "use https")
            }
        },
    ]

    private static func isSecret(_ key: String) -> Bool {
        key.split(separator: ".").last.map { secretKeys.contains(String($0)) } ?? false
    }

    private static func octal(_ mode: Int) -> String { "0" + String(mode, radix: 8) }
}
