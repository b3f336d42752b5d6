import Foundation
import Support

/// A folder that comes into being whole or not at all: filled under a hidden name beside its place, then renamed.
///
/// The hidden name holds host and process, so that what a killed process left is known for what it is and removed by the
/// next one on that host.
struct StagedFolder {
    let target: String
    /// Where the files are written until `commit`.
    let path: String
    private let replaces: Bool

    /// Makes the staging folder for `parent/name`, and `parent` where it is missing.
    ///
    /// - Throws: `Failure` where the name is no folder name, the target exists (unless `replacing`), or nothing can be written.
    init(parent: String, name: String, replacing: Bool) throws {
        guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), name.utf8.count < 128 else {
            throw Failure(
                .usage, "this is no name for a data set", at: "--name", found: "\"\(name)\"",
                expected: "a folder's name: no /, no . at its beginning, at most 127 bytes")
        }
        target = "\(parent)/\(name)"
        replaces = FileManager.default.fileExists(atPath: target)
        if replaces && !replacing {
            throw Failure(
                .usage, "the data set is there already", at: target,
                advice: "use it as it is, write it anew by --force, or choose another --name")
        }
        let prefix = ".\(name).preparing-\(ProcessInfo.processInfo.hostName)-"
        path = "\(parent)/\(prefix)\(getpid())"
        try makeFolder(parent)
        Self.removeAbandoned(parent, prefix)
        try? FileManager.default.removeItem(atPath: path)
        try makeFolder(path)
    }

    /// Puts the folder at its place; what stood there before is removed last.
    func commit() throws {
        let old = "\(path).old"
        if replaces && rename(target, old) != 0 { throw Failure.system(errno, "the data set cannot be put in place", target) }
        guard rename(path, target) == 0 else {
            let error = errno
            if replaces { rename(old, target) }
            throw Failure.system(error, "the data set cannot be put in place", target)
        }
        if replaces { try? FileManager.default.removeItem(atPath: old) }
    }

    /// Removes what was written so far.
    func discard() {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Staging folders whose process is gone. Only this host's names are looked at: others' processes cannot be seen.
    private static func removeAbandoned(_ parent: String, _ prefix: String) {
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where entry.hasPrefix(prefix) {
            guard let process = pid_t(entry.dropFirst(prefix.count)), kill(process, 0) != 0, errno == ESRCH else { continue }
            try? FileManager.default.removeItem(atPath: "\(parent)/\(entry)")
        }
    }
}
