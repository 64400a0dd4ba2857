/// The Ed25519 key of RFC 8037 appendix A.2 as a key set.
enum SampleKeySet {
    static let bytes = Array(
        #"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"sample","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#
            .utf8)
}
