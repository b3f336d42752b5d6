import Foundation
import Support

/// This program itself, and those that it calls.
struct ProgramChecks {
    let machine: Machine

    func all() -> [Diagnosis] { [build(), fastText()] }

    private func build() -> Diagnosis {
        var parts = ["version \(programVersion)"]
        if let revision = Self.revision(machine) { parts.append("revision \(revision)") }
        parts.append("Swift \(Self.swiftVersion)")
        #if DEBUG
            return .warn("program", parts.joined(separator: ", ") + ", debug build", "swift build -c release is faster")
        #else
            return .ok("program", parts.joined(separator: ", ") + ", release build")
        #endif
    }

    private static var swiftVersion: String {
        #if swift(>=6.3)
            "6.3 or later"
        #else
            "6.2 or earlier"
        #endif
    }

    /// The git revision of the checkout that the program was built in, where it still lies there.
    private static func revision(_ machine: Machine) -> String? {
        guard let git = machine.program("git"),
            let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        else { return nil }
        let folder = (own as NSString).deletingLastPathComponent
        let trial = Trial.run(git, ["-C", folder, "rev-parse", "--short", "HEAD"], seconds: 5)
        return trial.succeeded ? trial.output : nil
    }

    private func fastText() -> Diagnosis {
        if let path = machine.program("fasttext") { return .ok("fastText", path) }
        return .warn(
            "fastText", "not on PATH",
            "apt-get install fasttext, for prepare's token embeddings; without it, --embeddings none and init: random")
    }
}
