import Foundation
import RedisFixtures
import Testing

/// The root file system of the image, made of the command that these tests run and started as a container engine would.
///
/// `make image` builds the image itself, of the release build, and starts it in the same way.
@Suite("Image")
struct ImageTests {
    @Test(
        "its root file system serves an intent as a user without rights and a root that nobody writes to; its bill of materials is whole",
        .enabled(if: getuid() == 0, "chroot needs root"))
    func rootFileSystem() throws {
        let folder = try PrivateFolder()
        // chroot to another user: the folder that only its owner reads would be in its way.
        chmod(folder.path, 0o755)
        let (made, root) = (folder.file("made"), folder.file("root"))
        _ = try SpawnedProcess.run(
            [
                "env", "HOME=\(folder.path)", "bash", Workplace.path("docker/package-binary"), made,
                try BuiltCommand.path,
            ], in: folder, withinMilliseconds: 120_000)
        _ = try SpawnedProcess.run(
            ["bash", Workplace.path("docker/root-file-system"), made, root, "0.1.0"], in: folder,
            withinMilliseconds: 60_000)
        let seen = try SpawnedProcess.run(
            ["python3", Workplace.path("docker/try-image"), root], in: folder, withinMilliseconds: 120_000)
        #expect(seen.contains("an intent was served as user 10001 with a read-only root"), "\(seen)")
        // No shell, no package manager, nothing to go on with for whoever got in.
        #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/usr/bin") == ["intentusnet"])
        try expectMaterials(root + "/usr/share/sbom/intentusnet.cdx.json", folder)
    }

    private func expectMaterials(_ file: String, _ folder: PrivateFolder) throws {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for name in ["swift-nio-ssl", "swift-crypto", "Yams", "libssl3", "libhiredis0.14", "libpcre2-8-0", "libc6"] {
            #expect(text.contains("\"name\": \"\(name)\""), "\(name)")
        }
        let judge = """
            import sys
            from cyclonedx.schema import SchemaVersion
            from cyclonedx.validation.json import JsonStrictValidator
            fault = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read())
            sys.exit(str(fault) if fault else 0)
            """
        _ = try SpawnedProcess.run([Workplace.python, "-c", judge, file], in: folder)
    }
}
