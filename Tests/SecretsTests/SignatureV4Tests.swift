import Crypto
import Foundation
import IntentProtocol
import RedisFixtures
import Testing

@testable import Secrets

/// Against the values that AWS published: its test suite for Signature Version 4, and the ListUsers example of its manual.
@Suite("AWS Signature Version 4")
struct SignatureV4Tests {
    static let credentials = AWSCredentials(
        accessKeyId: "AKIDEXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
    static let time = "20150830T123600Z"

    struct Published: Sendable, CustomTestStringConvertible {
        let name: String
        var method = "GET"
        var query: [(name: String, value: String)] = []
        var more: [(name: String, value: String)] = []
        var body = ""
        let signature: String
        var testDescription: String { name }
    }

    static let suite = [
        Published(name: "get-vanilla", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Published(
            name: "get-vanilla-query-order-key-case", query: [("Param2", "value2"), ("Param1", "value1")],
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Published(
            name: "post-vanilla", method: "POST",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Published(
            name: "post-x-www-form-urlencoded", method: "POST",
            more: [("Content-Type", "application/x-www-form-urlencoded")], body: "Param1=value1",
            signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ]

    @Test("AWS's test suite", arguments: suite)
    func published(_ one: Published) {
        var request = SignatureV4.Request(
            method: one.method, headers: [("Host", "example.amazonaws.com"), ("X-Amz-Date", Self.time)] + one.more)
        request.query = one.query
        request.body = Array(one.body.utf8)
        let signed = SignatureV4(
            request, credentials: Self.credentials, region: "us-east-1", service: "service", time: Self.time)
        #expect(signed.signature == one.signature, "\(signed.canonicalRequest)")
    }

    @Test("the ListUsers example of the manual, step by step")
    func listUsers() {
        var request = SignatureV4.Request(
            method: "GET",
            headers: [
                ("content-type", "application/x-www-form-urlencoded; charset=utf-8"), ("host", "iam.amazonaws.com"),
                ("x-amz-date", Self.time),
            ])
        request.query = [("Action", "ListUsers"), ("Version", "2010-05-08")]
        let signed = SignatureV4(
            request, credentials: Self.credentials, region: "us-east-1", service: "iam", time: Self.time)
        let key = SignatureV4.signingKey(
            secret: Self.credentials.secretAccessKey, day: "20150830", region: "us-east-1", service: "iam")
        #expect(
            key.withUnsafeBytes { HexDigits.text(of: $0) }
                == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9")
        #expect(
            HexDigits.text(of: SHA256.hash(data: Array(signed.canonicalRequest.utf8)))
                == "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59")
        #expect(signed.signature == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")
        #expect(
            signed.authorization == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                + "SignedHeaders=content-type;host;x-amz-date, Signature=\(signed.signature)")
    }

    /// botocore, Amazon's own library for Python, signs the same requests.
    @Test("botocore signs 200 random requests alike")
    func referee() throws {
        let folder = try PrivateFolder()
        let file = folder.file("cases.json")
        _ = try PythonPeer.run(Self.program, [file], in: folder)
        struct Case: Decodable {
            let method, time, region, service, secret, body, authorization: String
            let query, headers: [[String]]
            let token: String?
        }
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        #expect(cases.count == 200)
        for one in cases {
            var request = SignatureV4.Request(method: one.method, headers: one.headers.map { ($0[0], $0[1]) })
            request.query = one.query.map { ($0[0], $0[1]) }
            request.body = Array(one.body.utf8)
            let credentials = AWSCredentials(
                accessKeyId: "AKIDEXAMPLE", secretAccessKey: Secret(one.secret),
                sessionToken: one.token.map { Secret($0) })
            let signed = SignatureV4(
                request, credentials: credentials, region: one.region, service: one.service, time: one.time)
            #expect(signed.authorization == one.authorization, "\(signed.canonicalRequest)")
        }
    }

    private static let program = """
        import random, json, datetime, sys
        from unittest import mock
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        random.seed(20150830)
        letters = "abcXYZ019-_.~ /+=&?%:äß漢"
        def word(n=12): return "".join(random.choice(letters) for _ in range(random.randint(1, n)))
        cases = []
        for _ in range(200):
            when = datetime.datetime(2015, 8, 30, 12, 36) + datetime.timedelta(seconds=random.randint(0, 3 * 10**8))
            time = when.strftime("%Y%m%dT%H%M%SZ")
            region = random.choice(["us-east-1", "eu-central-1"]); service = random.choice(["kms", "secretsmanager", "iam"])
            query = [[word(), word()] for _ in range(random.randint(0, 4))]
            body = word(200) if random.random() < 0.7 else ""
            method = random.choice(["GET", "POST"])
            secret = "".join(random.choice("abcXYZ019/+") for _ in range(40))
            token = "tok" + str(random.random()) if random.random() < 0.5 else None
            url = "https://example.amazonaws.com/"
            headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService." + random.choice("AB"),
                       "x-odd": "  a   b  "}
            request = AWSRequest(method=method, url=url, data=body, headers=headers, params=dict((k, v) for k, v in query))
            query = [[k, v] for k, v in dict(query).items()]
            signer = SigV4Auth(Credentials("AKIDEXAMPLE", secret, token), service, region)
            with mock.patch("botocore.auth.get_current_datetime", create=True, return_value=when), \\
                 mock.patch("botocore.compat.get_current_datetime", create=True, return_value=when):
                signer.add_auth(request)
            time = request.headers["X-Amz-Date"]
            sent = [["host", "example.amazonaws.com"]] + [[k, v] for k, v in request.headers.items()
                if k.lower() not in ("authorization",)]
            cases.append(dict(method=method, time=time, region=region, service=service, secret=secret, token=token, body=body,
                query=query, headers=sent, authorization=request.headers["Authorization"]))
        json.dump(cases, open(sys.argv[1], "w"))
        """
}

@Suite("The time as AWS writes it")
struct AWSTimeTests {
    @Test(
        "both ways",
        arguments: [
            (0, "19700101T000000Z", "1970-01-01T00:00:00Z"),
            (1_440_938_160, "20150830T123600Z", "2015-08-30T12:36:00Z"),
            (951_782_399, "20000228T235959Z", "2000-02-28T23:59:59.000Z"),
            (951_782_400, "20000229T000000Z", "2000-02-29T00:00:00.123456Z"),
            (4_107_542_400, "21000301T000000Z", "2100-03-01T00:00:00Z"),
        ] as [(Int64, String, String)])
    func time(_ seconds: Int64, _ basic: String, _ extended: String) {
        #expect(AWSTime.basic(seconds) == basic)
        #expect(AWSTime.unixSeconds(extended) == seconds)
    }

    @Test(
        "what is no time in UTC is refused",
        arguments: [
            "", "2015-08-30", "2015-08-30T12:36:00", "2015-08-30T12:36:00+01:00", "2015-13-30T12:36:00Z",
            "2015-08-30T24:36:00Z", "2015-08-30T12:36:00.Z9Z", "２015-08-30T12:36:00Z", "-015-08-30T12:36:00Z",
        ])
    func refused(_ text: String) {
        #expect(AWSTime.unixSeconds(text) == nil)
    }

    @Test("a day for each of 400 years, as Foundation's calendar has it")
    func calendar() {
        let formatter = ISO8601DateFormatter()
        for day in stride(from: Int64(0), to: 146_097, by: 97) {
            let seconds = day * 86_400 + day % 86_400
            let text = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(AWSTime.unixSeconds(text) == seconds)
            #expect(AWSTime.basic(seconds) == text.filter { $0 != "-" && $0 != ":" })
        }
    }
}
