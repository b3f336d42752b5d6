import CHDF5
import Foundation
import Support

/// Files that are whole or not there at all, whenever the power goes or the process is killed.
public enum SafeFile {
    /// Writes `data` to `path`, in place of what was there; its folder is made where it is missing.
    ///
    /// - Throws: `Failure`: `.outOfResources` where the disk is full, `.usage` where we may not write; what was at
    ///   `path` before is untouched then.
    public static func write(_ path: String, _ data: Data) throws {
        try replace(path) { temporary in
            let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            if descriptor < 0 { throw Failure.system(errno, "could not create the file", path) }
            defer { close(descriptor) }
            try data.withUnsafeBytes { bytes in
                var done = 0
                while done < bytes.count {
                    let wrote = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                    if wrote < 0 && errno == EINTR { continue }
                    if wrote <= 0 { throw Failure.system(errno, "could not write the file", path) }
                    done += wrote
                }
            }
        }
    }

    /// Lets `body` write a temporary file, then puts it at `path` in one step: fsync, rename, fsync of the folder.
    ///
    /// The temporary's name is fixed, so that a killed run's leftover is overwritten by the next; two writers of one
    /// path at the same time are a mistake. Where `body` throws, the temporary is removed.
    public static func replace<Result>(_ path: String, writing body: (String) throws -> Result) throws -> Result {
        let folder = (path as NSString).deletingLastPathComponent
        let temporary = (folder as NSString).appendingPathComponent(".\((path as NSString).lastPathComponent).tmp")
        try makeFolder(folder)
        do {
            let result = try body(temporary)
            try synchronise(temporary, saying: path)
            if rename(temporary, path) != 0 { throw Failure.system(errno, "could not put the file in place", path) }
            try synchronise(folder, saying: path)
            return result
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Makes `path` and the folders above it, where they are missing.
    public static func makeFolder(_ path: String) throws {
        if path.isEmpty || path == "/" || mkdir(path, 0o755) == 0 { return }
        let code = errno
        if code == ENOENT {
            try makeFolder((path as NSString).deletingLastPathComponent)
            if mkdir(path, 0o755) == 0 { return }
        }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { return }
        throw Failure.system(code == EEXIST ? ENOTDIR : code, "could not make the folder", path)
    }

    /// Waits until the file or folder at `path` is on the disk.
    static func synchronise(_ path: String, saying shown: String) throws {
        let descriptor = open(path.isEmpty ? "." : path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw Failure.system(errno, "could not open the file", shown) }
        defer { close(descriptor) }
        // Some file systems cannot sync a folder: there is nothing more that we could do then.
        if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
            throw Failure.system(errno, "could not bring the file to the disk", shown)
        }
    }

    /// Takes `bytes` of disk for the file at `path` now, so that a full disk shows before gigabytes are written.
    static func reserve(_ path: String, bytes: Int) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        if descriptor < 0 { throw Failure.system(errno, "could not open the file", path) }
        defer { close(descriptor) }
        if chdf5_reserve(descriptor, Int64(max(1, bytes))) != 0, errno == ENOSPC || errno == EDQUOT {
            throw Failure.system(errno, "could not reserve \(bytes) bytes", path)
        }
    }
}
