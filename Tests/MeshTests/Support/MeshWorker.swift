/// An agent worker that is nothing but a listener of an Envoy, answering every call with success.
enum MeshWorker {
    private static let success = """
        {"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"success",\
        "payload":{"ok":true},"metadata":{"agent":"fixed"},"error":null}}
        """

    static func listener(port: Int) -> EnvoyValue {
        let answer: EnvoyValue = [
            "match": ["prefix": "/"],
            "direct_response": ["status": 200, "body": ["inline_string": .text(success)]],
            "response_headers_to_add": [
                [
                    "header": ["key": "content-type", "value": "application/json"],
                    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                ]
            ],
        ]
        return EnvoyParts.listener("worker", port: port, manager: EnvoyParts.manager(routes: [answer]))
    }
}
