import CertificateFiles
import Foundation
import GatewayHTTP
import RedisFixtures
import Synchronization
import Testing

@Suite("Certificate files")
struct CertificateSetTests {
    private final class Clock: Sendable {
        private let seconds = Mutex(Int64(Date().timeIntervalSince1970))
        var now: Int64 { seconds.withLock { $0 } }
        func pass(_ count: Int64) { seconds.withLock { $0 += count } }
    }

    /// What `put` says to everything, while it says anything.
    private final class Objection: Sendable {
        private let text = Mutex<String?>(nil)
        var value: String? {
            get { text.withLock { $0 } }
            set { text.withLock { $0 = newValue } }
        }
    }

    private let folder: PrivateFolder
    private let clock = Clock()
    private let objection = Objection()
    private let set: CertificateSet

    init() throws {
        let certificates = try TLSFixture.certificates.get()
        let folder = try PrivateFolder()
        self.folder = folder
        try Self.copy(certificates.server, to: folder)
        let (clock, objection) = (clock, objection)
        set = try CertificateSet(
            use: "test", identity: (folder.file("cert.pem"), folder.file("key.pem")), bundles: [],
            unixSeconds: { clock.now }

        ) { _ throws(TLSMaterialError) in
            if let text = objection.value { throw TLSMaterialError(text) }
        }
    }

    private static func copy(_ pair: TestCertificates.Pair, to folder: PrivateFolder) throws {
        for (from, name) in [(pair.certificateFile, "cert.pem"), (pair.keyFile, "key.pem")] {
            try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: folder.file(name)), options: .atomic)
        }
    }

    private func outcome() -> String {
        switch set.refresh() {
        case .unchanged: "unchanged"
        case .replaced: "replaced"
        case .refused(let error): "\(error)"
        }
    }

    @Test("a certificate that is not valid yet comes into force by itself when its time has come")
    func notYetValid() throws {
        // The authority's machine is a minute ahead of ours.
        clock.pass(-60)
        let certificates = try TLSFixture.certificates.get()
        try Self.copy(try certificates.leaf("ahead", alternativeNames: "IP:127.0.0.1"), to: folder)
        #expect(outcome() == "unchanged", "it is looked at once more")
        #expect(outcome().contains("is not valid yet"))
        for _ in 0..<10 {
            #expect(outcome() == "unchanged", "each fault is told once")
            clock.pass(5)
        }
        clock.pass(15)
        #expect(outcome() == "replaced")
        #expect(outcome() == "unchanged")
    }

    @Test("a fault that passes is tried again every five seconds, and each other fault is told once")
    func passingFault() throws {
        let certificates = try TLSFixture.certificates.get()
        objection.value = "too many open files"
        try Self.copy(try certificates.leaf("next", alternativeNames: "IP:127.0.0.1"), to: folder)
        #expect(outcome() == "unchanged")
        #expect(outcome() == "too many open files")
        clock.pass(4)
        objection.value = "out of memory"
        #expect(outcome() == "unchanged", "too early")
        clock.pass(1)
        #expect(outcome() == "out of memory")
        clock.pass(5)
        #expect(outcome() == "unchanged")
        objection.value = nil
        clock.pass(4)
        #expect(outcome() == "unchanged", "too early")
        clock.pass(1)
        #expect(outcome() == "replaced")
    }

    @Test("files that change anew are read at once, and their fault is told though it is the former one's")
    func changedAnew() throws {
        let certificates = try TLSFixture.certificates.get()
        for name in ["first", "second"] {
            objection.value = "no"
            try Self.copy(try certificates.leaf(name, alternativeNames: "IP:127.0.0.1"), to: folder)
            #expect(outcome() == "unchanged")
            #expect(outcome() == "no")
        }
        objection.value = nil
        try Self.copy(try certificates.leaf("third", alternativeNames: "IP:127.0.0.1"), to: folder)
        #expect(outcome() == "replaced")
    }
}
