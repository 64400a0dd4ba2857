import Documents
import GatewayConfiguration

/// A file that starts a gateway, to be changed in one place.
let usableFile = """
    listen: { http: "127.0.0.1:8080" }
    admin: { http: "127.0.0.1:9090" }
    authentication:
      issuers:
        - issuer: https://idp.example.com
          audiences: [intentusnet]
          jwks: { file: jwks.json }
    policy: { files: [policy.yaml] }
    agents:
      - name: summarizer
        intents: [{ name: SummarizeIntent }]
        instances: [{ url: "http://127.0.0.1:9001/execute-agent" }]

    """

/// What reading says, one line for each diagnostic.
func said(_ text: String, file: String = "g.yaml", environment: [String: String] = [:]) -> [String] {
    GatewayConfiguration.read(text, file: file, environment: environment).diagnostics.map(\.description)
}

/// What reading the usable file says under an environment.
func said(environment: [String: String]) -> [String] {
    said(usableFile, environment: environment)
}
