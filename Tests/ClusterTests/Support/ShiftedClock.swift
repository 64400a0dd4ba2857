import Foundation
import RedisFixtures

/// Starts a program whose date is wrong, as on a machine whose clock nobody keeps; the clock that measures times is right.
///
/// A library before the C library moves what the program reads. Waiting until a date is moved back, for that is the kernel's.
final class ShiftedClock: Sendable {
    private let folder: PrivateFolder
    private let library: String

    /// - Throws: `FixtureError` with what the compiler said.
    init() throws {
        folder = try PrivateFolder()
        library = folder.file("clock.so")
        let source = try folder.write("clock.c", Self.source)
        _ = try SpawnedProcess.run(["clang", "-shared", "-fPIC", "-O1", "-o", library, source], in: folder)
    }

    /// Words that start a command.
    func prefix(offsetSeconds: Int) -> [String] {
        ["env", "LD_PRELOAD=\(library)", "CLOCK_OFFSET_SECONDS=\(offsetSeconds)"]
    }

    private static let source = """
        #define _GNU_SOURCE
        #include <semaphore.h>
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static long offset(void) { return atol(getenv("CLOCK_OFFSET_SECONDS")); }

        int clock_gettime(clockid_t clock, struct timespec *told) {
            int result = syscall(SYS_clock_gettime, clock, told);
            if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) told->tv_sec += offset();
            return result;
        }

        int gettimeofday(struct timeval *restrict told, void *restrict zone) {
            int result = syscall(SYS_gettimeofday, told, zone);
            if (result == 0) told->tv_sec += offset();
            return result;
        }

        time_t time(time_t *told) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (told) *told = now.tv_sec;
            return now.tv_sec;
        }

        int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
            struct timespec kernel = *until;
            kernel.tv_sec -= offset();
            return sem_clockwait(semaphore, CLOCK_REALTIME, &kernel);
        }

        """
}
