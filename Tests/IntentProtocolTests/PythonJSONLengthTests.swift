import Testing

@testable import IntentProtocol

/// The expected texts and lengths were made by Python 3.11.
@Suite("C19 lengths as Python's json.dumps gives them")
struct PythonJSONLengthTests {
    @Test(
        "numbers",
        arguments: [
            ("1e22", "1e+22"), ("1e15", "1000000000000000.0"), ("1e16", "1e+16"), ("-0", "0"), ("-0.0", "-0.0"),
            ("0.0001", "0.0001"), ("0.00001", "1e-05"), ("1E9", "1000000000.0"), ("1.0", "1.0"), ("1.50", "1.5"),
            ("123456789012345678901234567890", "123456789012345678901234567890"), ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"), ("12345678901234568.0", "1.2345678901234568e+16"),
            ("1234567890123456.0", "1234567890123456.0"), ("9007199254740993.0", "9007199254740992.0"),
            ("0.1", "0.1"), ("100000000000000000000.0", "1e+20"), ("1e-7", "1e-07"), ("123e-20", "1.23e-18"),
            ("0e999", "0.0"), ("-1.5E+300", "-1.5e+300"), ("0.30000000000000004", "0.30000000000000004"),
            ("2.5e-5", "2.5e-05"), ("1e1", "10.0"), ("0.000", "0.0"), ("-0e5", "-0.0"), ("8.41e21", "8.41e+21"),
            ("123456789.123456789", "123456789.12345679"), ("1e23", "1e+23"), ("4.35", "4.35"),
        ])
    func numbers(json: String, python: String) {
        #expect(PythonJSONLength.count(bytes(json)[...]) == python.utf8.count)
        if json.contains(where: { ".eE".contains($0) }) {
            #expect(PythonFloat.text(of: PythonFloat.value(of: json)) == python)
        }
    }

    @Test(
        "documents",
        arguments: [
            (#"{"a":1,"b":[1,2,{"c":null}]}"#, 34), (#"{ "a" : [ true , false ] , "é" : "漢🚀" }"#, 52),
            (#"{"e":"\u00e9\ud83d\ude80\/\"\\\n\u0001\u007f\u0041"}"#, 47), ("{\"d\":\"\u{7F}\"}", 15), ("[]", 2),
            ("{}", 2), ("[1e15,-0,-0.0,1e22]", 36), (#""\b\f\r\t\u000b\u0008\u0022\u005c""#, 22),
            (#"{"k\n":{"x":[[],[[]]]}}"#, 26), ("\"\u{2028}\u{FFFF}\"", 14),
        ])
    func documents(json: String, length: Int) {
        #expect(PythonJSONLength.count(bytes(json)[...]) == length)
    }

    @Test("exactly the limit passes, one more does not, and spaces in the body do not count")
    func limit() throws {
        var limits = EnvelopeLimits()
        limits.payloadBytesMax = 20
        let exact = #"{"a" :  "1234567890"  }"#
        #expect(PythonJSONLength.count(bytes(exact)[...]) == 19)
        #expect(refusal(of: Sample.with { $0.payload = #"{"a":"12345678901"}"# }.bare, limits: limits) == nil)
        let error = refusal(of: Sample.with { $0.payload = #"{"a":"123456789012"}"# }.frame, limits: limits)
        #expect(error?.code == .payloadTooLarge)
        #expect(error?.details["path"] == "body.payload")
        #expect(refusal(of: Sample.with { $0.payload = exact }.bare, limits: limits) == nil)
    }

    @Test("dangerous keys count before they are removed")
    func dangerous() {
        var limits = EnvelopeLimits()
        limits.payloadBytesMax = 20
        let body = Sample.with { $0.payload = #"{"__proto__":"12345678"}"# }.bare
        #expect(refusal(of: body, limits: limits)?.code == .payloadTooLarge)
    }

    @Test("a body over its own limit is refused before it is read")
    func body() {
        var limits = EnvelopeLimits()
        limits.bodyBytesMax = 8
        #expect(refusal(of: "not json!", limits: limits)?.code == .payloadTooLarge)
        #expect(refusal(of: "not json", limits: limits)?.code == .validationError)
    }
}
