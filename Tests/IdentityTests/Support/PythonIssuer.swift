/// A Python program that makes a key, its JWK set and tokens, as an issuer would, and prints one JSON document.
///
/// Arguments: the library (`pyjwt` or `joserfc`), the algorithm, the time in Unix seconds.
enum PythonIssuer {
    static let program = #"""
        import json
        import sys

        library, algorithm, now = sys.argv[1], sys.argv[2], int(sys.argv[3])
        claims = {
            "iss": "https://idp.example.com", "aud": "intentusnet", "sub": "alice", "iat": now, "exp": now + 600,
            "roles": ["operator"], "tenant": "acme", "name": "Zoë 😀",
        }
        wrong = {
            "expired": {**claims, "exp": now - 600},
            "audience": {**claims, "aud": "elsewhere"},
            "no_exp": {name: value for name, value in claims.items() if name != "exp"},
            "no_aud": {name: value for name, value in claims.items() if name != "aud"},
            "no_sub": {name: value for name, value in claims.items() if name != "sub"},
        }
        header = {"kid": "python-1"}

        if library == "pyjwt":
            import jwt
            from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

            key = {
                "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
                "PS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
                "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
                "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
                "EdDSA": ed25519.Ed25519PrivateKey.generate,
            }[algorithm]()
            public = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key()))

            def sign(body):
                return jwt.encode(body, key, algorithm=algorithm, headers=header)

        else:
            from joserfc import jwt
            from joserfc.jwk import ECKey, OKPKey, RSAKey

            key = {
                "RS256": lambda: RSAKey.generate_key(2048),
                "PS256": lambda: RSAKey.generate_key(2048),
                "ES256": lambda: ECKey.generate_key("P-256"),
                "ES384": lambda: ECKey.generate_key("P-384"),
                "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
            }[algorithm]()
            public = key.as_dict(private=False)

            def sign(body):
                return jwt.encode({"alg": algorithm, **header}, body, key, algorithms=[algorithm])

        json.dump({
            "jwks": json.dumps({"keys": [{**public, "kid": "python-1"}]}),
            "token": sign(claims),
            "wrong": {name: sign(body) for name, body in wrong.items()},
        }, sys.stdout)
        """#
}
