import Foundation
import RedisFixtures

/// A clean clone of the project's last commit.
///
/// A release build takes longer than all tests together may. So the clone gets one thing that it has not made itself: a `swift` in front of
/// the PATH that answers the two calls of `make build` with the command which this test run has built. Everything else that `make`
/// runs is what stands in the clone. With `INTENTUSNET_SOAK` there is no such `swift`.
struct Clone {
    let folder: PrivateFolder
    var path: String { folder.file("intentusnet") }
    /// What comes first in the PATH.
    var programs: String { folder.file("programs") }

    init() throws {
        folder = try PrivateFolder()
        // The tree may be another user's, as it is where a container runs the tests.
        _ = try folder.write(".gitconfig", "[safe]\n\tdirectory = *\n")
        _ = try SpawnedProcess.run(
            [
                "env", "HOME=\(folder.path)", "git", "clone", "--quiet", "--no-local", "--depth", "1",
                "file://\(Project.root.path)", path,
            ], in: folder,
            withinMilliseconds: 60_000)
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: false)
        guard !Project.isSoak else { return }
        let built = try BuiltCommand.path
        _ = try folder.write(
            "programs/swift",
            """
            #!/bin/bash
            folder=$PWD/.build/x86_64-unknown-linux-gnu/release
            case "$*" in
            "build -c release "*" --show-bin-path") echo "$folder" ;;
            "build -c release "*" --product intentusnet")
                mkdir -p "$folder"
                ln -sfn x86_64-unknown-linux-gnu/release .build/release
                ln -sf '\(built)' "$folder/intentusnet"
                echo "Build of product 'intentusnet' complete!"
                ;;
            *)
                echo "this clone has no swift for: swift $*" >&2
                exit 97
                ;;
            esac

            """)
        chmod(folder.file("programs/swift"), 0o755)
    }
}
