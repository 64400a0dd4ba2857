import IntentProtocol
import Testing

@testable import IntentusWorker

@Suite("When a worker registers")
struct RegistrationScheduleTests {
    private typealias Answer = RegistrationSchedule.Answer
    private typealias Notice = RegistrationSchedule.Notice

    @Test(
        "renews a little early, whatever time a gateway names",
        arguments: [
            (Int64(5_000), 1.0, Int64(5_000)), (5_000, 0, 4_000), (5_000, 0.5, 4_500), (0, 1, 100), (-7, 1, 100),
            (.min, 0.5, 100), (.max, 1, 3_600_000),
        ])
    func renewal(renewAfter: Int64, jitter: Double, wait: Int64) {
        var schedule = RegistrationSchedule()
        #expect(schedule.took(.accepted(renewAfterMilliseconds: renewAfter), jitter: jitter).waitMilliseconds == wait)
    }

    @Test(
        "renews when the gateway says, or at a third of the time that it gave or was asked for",
        arguments: [
            (#"{"renewAfterSeconds":7,"ttlSeconds":60}"#, Int64(7_000)), (#"{"ttlSeconds":60}"#, 20_000), ("{}", 3_000),
            ("[]", 3_000), (#"{"renewAfterSeconds":"x"}"#, 3_000), (#"{"ttlSeconds":1}"#, 333),
            (#"{"ttlSeconds":-9}"#, 0), (#"{"ttlSeconds":9223372036854775807}"#, 3_600_000),
            (#"{"renewAfterSeconds":-9223372036854775808}"#, 0),
        ])
    func renewAfter(answer: String, milliseconds: Int64) throws {
        let answer = try JSONValue(parsing: Array(answer.utf8)).objectValue
        #expect(Registration.renewAfterMilliseconds(answer, ttlSeconds: 9) == milliseconds)
    }

    @Test("backs off from a gateway that cannot be reached, and starts anew when it can")
    func backOff() {
        var schedule = RegistrationSchedule()
        let gone = Answer.unreachable("gone")
        let waits = (0..<8).map { _ in schedule.took(gone, jitter: 1).waitMilliseconds }
        #expect(waits == [400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000])
        _ = schedule.took(.accepted(renewAfterMilliseconds: 1_000), jitter: 1)
        #expect(schedule.took(gone, jitter: 0).waitMilliseconds == 200)
    }

    @Test("asks seldom after a refusal", arguments: [401, 403, 404, 409])
    func refused(status: Int) {
        for (jitter, wait) in [(0.0, Int64(5_000)), (1.0, 10_000)] {
            var schedule = RegistrationSchedule()
            let (milliseconds, notice) = schedule.took(.refused(status: status, message: "no"), jitter: jitter)
            #expect(milliseconds == wait)
            #expect(notice == .refused("\(status): no"))
        }
    }

    @Test("logs changes alone")
    func notices() {
        var schedule = RegistrationSchedule()
        let accepted = Answer.accepted(renewAfterMilliseconds: 1_000)
        let refused = Answer.refused(status: 409, message: "taken")
        let gone = Answer.unreachable("gone")
        let rows: [(Answer, Notice?)] = [
            (gone, .lost("gone")), (gone, nil), (accepted, .registered), (accepted, nil), (accepted, nil),
            (refused, .refused("409: taken")), (refused, nil), (gone, .lost("gone")), (gone, nil),
            (refused, .refused("409: taken")), (accepted, .registered),
        ]
        for (index, row) in rows.enumerated() {
            #expect(schedule.took(row.0, jitter: 0.5).notice == row.1, "row \(index)")
        }
    }
}
