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
    /// The folder that takes the content: behind the link, where the name is one.
    private let place: String
    private let replaces: Bool

    /// Makes the staging folder for `parent/name`, and `parent` where it is missing.
    ///
    /// - Throws: `Failure` as `check` does, or where nothing can be written.
    init(parent: String, name: String, replacing: Bool) throws {
        target = "\(parent)/\(name)"
        let there = try Self.check(parent: parent, name: name, replacing: replacing)
        (place, replaces) = (there ?? target, there != nil)
        let beside = parentFolder(place), prefix = ".\(lastName(place)).preparing-\(ProcessInfo.processInfo.hostName)-"
        path = "\(beside)/\(prefix)\(getpid())"
        try makeFolder(beside)
        Self.removeAbandoned(beside, prefix)
        try? FileManager.default.removeItem(atPath: path)
        try makeFolder(path)
    }

    /// - Returns: the folder that stands at `parent/name` and may be replaced; nil: nothing is there.
    /// - Throws: `Failure` where the name is no folder's, or something is there that may not be replaced: anything but a folder, or
    ///   a folder unless `replacing`.
    static func check(parent: String, name: String, replacing: Bool) throws -> String? {
        guard FolderName.allows(name) else {
            throw Failure(
                .usage, "this cannot be the name of a data set", at: "--name", found: "\"\(name)\"", expected: FolderName.rule,
                advice: "name it: --name NAME")
        }
        let target = "\(parent)/\(name)"
        var status = stat()
        guard lstat(target, &status) == 0 else { return nil }
        guard isFolder(target) else {
            throw Failure(
                .usage, "something that is no folder has the name of the data set", at: target,
                found: status.st_mode & S_IFMT == S_IFLNK ? "a link to no folder" : "a file, device or pipe",
                expected: "a folder, or nothing", advice: "choose another --name, or another --data")
        }
        guard replacing else {
            throw Failure(
                .usage, "the data set exists already", at: target,
                advice: "use it as it is, write it anew by --force, or choose another --name")
        }
        guard status.st_mode & S_IFMT == S_IFLNK, let real = realpath(target, nil) else { return target }
        defer { free(real) }
        return String(cString: real)
    }

    /// Puts the folder at its place; what stood there before is removed last.
    func commit() throws {
        let old = "\(path).old"
        if replaces && rename(place, old) != 0 { throw Failure.system(errno, "the data set cannot be put in place", target) }
        guard rename(path, place) == 0 else {
            let error = errno
            if replaces { rename(old, place) }
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
