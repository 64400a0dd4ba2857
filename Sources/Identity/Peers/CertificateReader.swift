import COpenSSL

/// Reads certificates and follows their chains, by libcrypto; the only place that does.
enum CertificateReader {
    /// The longest certificate in bytes.
    static let bytesMax = 16_384

    /// What a certificate in DER says of itself.
    static func facts(der: [UInt8]) throws(CertificateRefusal) -> CertificateFacts {
        guard let certificate = Certificate(der: der) else { throw .unreadable }
        return try certificate.facts()
    }
}

/// One certificate as libcrypto holds it.
// @unchecked: the pointer is set once; libcrypto counts its references and locks what it caches in it.
private final class Certificate: @unchecked Sendable {
    let pointer: OpaquePointer

    /// nil unless the bytes are one certificate and nothing else.
    init?(der: [UInt8]) {
        defer { ERR_clear_error() }
        guard (1...CertificateReader.bytesMax).contains(der.count) else { return nil }
        let read = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var place = bytes.baseAddress
            guard let read = d2i_X509(nil, &place, bytes.count) else { return nil }
            guard place == bytes.baseAddress?.advanced(by: bytes.count) else {
                X509_free(read)
                return nil
            }
            return read
        }
        guard let read else { return nil }
        pointer = read
    }

    deinit {
        X509_free(pointer)
    }

    func facts() throws(CertificateRefusal) -> CertificateFacts {
        defer { ERR_clear_error() }
        // Reads all extensions; one that cannot be read, or that is there twice, makes the certificate invalid.
        let flags = X509_get_extension_flags(pointer)
        guard flags & UInt32(EXFLAG_INVALID) == 0, let names = names(),
            let notBefore = Self.seconds(X509_get0_notBefore(pointer)),
            let notAfter = Self.seconds(X509_get0_notAfter(pointer)), let subject = subject(),
            let fingerprint = fingerprint()
        else { throw .unreadable }
        return CertificateFacts(
            uris: names.uris, dnsNames: names.dns, isAuthority: flags & UInt32(EXFLAG_CA) != 0,
            keyUsage: flags & UInt32(EXFLAG_KUSAGE) == 0 ? nil : Self.keyUsage(X509_get_key_usage(pointer)),
            notBeforeSeconds: notBefore, notAfterSeconds: notAfter, subject: subject, fingerprint: fingerprint)
    }

    private static func keyUsage(_ bits: UInt32) -> CertificateFacts.KeyUsage {
        var usage: CertificateFacts.KeyUsage = []
        if bits & UInt32(KU_DIGITAL_SIGNATURE) != 0 { usage.insert(.digitalSignature) }
        if bits & UInt32(KU_KEY_CERT_SIGN) != 0 { usage.insert(.keyCertSign) }
        if bits & UInt32(KU_CRL_SIGN) != 0 { usage.insert(.cRLSign) }
        return usage
    }

    /// nil when the extension is there and cannot be read.
    private func names() -> (uris: [[UInt8]], dns: [[UInt8]])? {
        var criticality: Int32 = 0
        guard let extensionValue = X509_get_ext_d2i(pointer, NID_subject_alt_name, &criticality, nil) else {
            // -1 says that there is none.
            return criticality == -1 ? ([], []) : nil
        }
        let list = OpaquePointer(extensionValue)
        defer { GENERAL_NAMES_free(list) }
        var names: (uris: [[UInt8]], dns: [[UInt8]]) = ([], [])
        for index in 0..<OPENSSL_sk_num(list) {
            guard let element = OPENSSL_sk_value(list, index) else { return nil }
            let name = element.assumingMemoryBound(to: GENERAL_NAME.self).pointee
            switch name.type {
            case GEN_URI: names.uris.append(Self.bytes(name.d.ia5))
            case GEN_DNS: names.dns.append(Self.bytes(name.d.ia5))
            default: break
            }
        }
        return names
    }

    private static func bytes(_ text: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
        guard let text, let start = ASN1_STRING_get0_data(text) else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(text))))
    }

    fileprivate static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        let epoch = ASN1_TIME_set(nil, 0)
        defer { ASN1_TIME_free(epoch) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard let time, let epoch, ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return nil }
        return Int64(days) * 86_400 + Int64(seconds)
    }

    /// `XN_FLAG_RFC2253`, which as a macro does not reach Swift.
    private static let nameFlags =
        UInt(ASN1_STRFLGS_ESC_2253 | ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_ESC_MSB | ASN1_STRFLGS_UTF8_CONVERT)
        | UInt(ASN1_STRFLGS_DUMP_UNKNOWN | ASN1_STRFLGS_DUMP_DER)
        | UInt(XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_DN_REV | XN_FLAG_FN_SN | XN_FLAG_DUMP_UNKNOWN_FIELDS)

    private func subject() -> String? {
        guard let output = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(output) }
        guard X509_NAME_print_ex(output, X509_get_subject_name(pointer), 0, Self.nameFlags) >= 0 else {
            return nil
        }
        var start: UnsafeMutablePointer<CChar>?
        let count = BIO_ctrl(output, BIO_CTRL_INFO, 0, &start)
        guard count > 0, let start else { return "" }
        return start.withMemoryRebound(to: UInt8.self, capacity: count) {
            String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
        }
    }

    private func fingerprint() -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        guard X509_digest(pointer, EVP_sha256(), &digest, &count) == 1, count == 32 else { return nil }
        return digest
    }
}

/// The authorities of one trust domain.
// @unchecked: the store is filled before anybody else sees it and never changed; libcrypto locks what it looks up in it.
final class TrustBundle: @unchecked Sendable {
    /// The most authorities of one bundle.
    static let authoritiesMax = 64
    /// The most certificates between a leaf and its authority, and the leaf.
    static let chainMax = 8

    private let store: OpaquePointer
    /// What the authorities say of themselves, for those who watch their time.
    let authorities: [CertificateFacts]

    /// - Throws: what is wrong, as the end of a sentence about the bundle.
    init(_ certificates: [[UInt8]]) throws(TrustBundleFault) {
        guard !certificates.isEmpty else { throw TrustBundleFault("holds no certificate") }
        guard certificates.count <= Self.authoritiesMax else {
            throw TrustBundleFault("holds more than \(Self.authoritiesMax) certificates")
        }
        guard let store = X509_STORE_new() else { throw TrustBundleFault("cannot be held in memory") }
        do throws(TrustBundleFault) {
            authorities = try Self.fill(store, certificates)
        } catch {
            X509_STORE_free(store)
            throw error
        }
        self.store = store
    }

    deinit {
        X509_STORE_free(store)
    }

    private static func fill(
        _ store: OpaquePointer, _ certificates: [[UInt8]]
    ) throws(TrustBundleFault) -> [CertificateFacts] {
        defer { ERR_clear_error() }
        var authorities: [CertificateFacts] = []
        for (place, der) in certificates.enumerated() {
            guard let certificate = Certificate(der: der), let facts = try? certificate.facts() else {
                throw TrustBundleFault("holds a certificate that cannot be read, number \(place + 1)")
            }
            guard facts.isAuthority else {
                throw TrustBundleFault("holds a certificate that is no authority's, number \(place + 1)")
            }
            guard X509_STORE_add_cert(store, certificate.pointer) == 1 else {
                throw TrustBundleFault("holds a certificate that libcrypto does not take, number \(place + 1)")
            }
            authorities.append(facts)
        }
        return authorities
    }

    /// Follows a chain, the leaf first, to an authority of the bundle.
    ///
    /// - Returns: the Unix second at which the first of them is over.
    func verify(
        _ chain: [[UInt8]], as purpose: CertificatePurpose, nowSeconds: Int64
    ) throws(CertificateRefusal) -> Int64 {
        defer { ERR_clear_error() }
        guard chain.count <= Self.chainMax else { throw .chainTooLong }
        // References are kept until the verification has ended.
        var certificates: [Certificate] = []
        for der in chain {
            guard let certificate = Certificate(der: der) else { throw .unreadable }
            certificates.append(certificate)
        }
        guard let leaf = certificates.first else { throw .missing }
        guard let context = X509_STORE_CTX_new(), let others = OPENSSL_sk_new_null() else {
            throw .untrustedChain("out of memory")
        }
        defer {
            X509_STORE_CTX_free(context)
            OPENSSL_sk_free(others)
        }
        for certificate in certificates.dropFirst() {
            guard OPENSSL_sk_push(others, UnsafeRawPointer(certificate.pointer)) > 0 else {
                throw .untrustedChain("out of memory")
            }
        }
        guard X509_STORE_CTX_init(context, store, leaf.pointer, others) == 1,
            let parameters = X509_STORE_CTX_get0_param(context),
            X509_STORE_CTX_set_purpose(context, purpose.number) == 1
        else { throw .untrustedChain("libcrypto does not take it") }
        // A bundle may hold an intermediate authority: whatever stands in it is where a chain may end.
        X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        X509_VERIFY_PARAM_set_time(parameters, time_t(nowSeconds))
        X509_VERIFY_PARAM_set_depth(parameters, Int32(Self.chainMax))
        // 112 bits: no SHA-1, no RSA below 2048 bits.
        X509_VERIFY_PARAM_set_auth_level(parameters, 2)
        guard X509_verify_cert(context) == 1 else { throw Self.refusal(X509_STORE_CTX_get_error(context)) }
        return try Self.end(of: context)
    }

    private static func refusal(_ code: Int32) -> CertificateRefusal {
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED: .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
        default: .untrustedChain(String(cString: X509_verify_cert_error_string(Int(code))))
        }
    }

    private static func end(of context: OpaquePointer) throws(CertificateRefusal) -> Int64 {
        guard let chain = X509_STORE_CTX_get0_chain(context) else { throw .untrustedChain("libcrypto tells no chain") }
        var end = Int64.max
        for index in 0..<OPENSSL_sk_num(chain) {
            guard let certificate = OPENSSL_sk_value(chain, index),
                let seconds = Certificate.seconds(X509_get0_notAfter(OpaquePointer(certificate)))
            else { throw .unreadable }
            end = min(end, seconds)
        }
        return end
    }
}

extension CertificatePurpose {
    fileprivate var number: Int32 {
        switch self {
        case .client: X509_PURPOSE_SSL_CLIENT
        case .server: X509_PURPOSE_SSL_SERVER
        }
    }
}
