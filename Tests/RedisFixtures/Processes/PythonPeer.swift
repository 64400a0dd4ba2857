import Foundation

/// Programs of the Python that `Tests/Tools/install test` equips.
package enum PythonPeer {
    /// Runs a program to its end; what it printed.
    package static func run(_ program: String, _ arguments: [String] = [], in folder: PrivateFolder) throws -> String {
        try SpawnedProcess.run([OpenBao.python, "-c", program] + arguments, in: folder)
    }
}
