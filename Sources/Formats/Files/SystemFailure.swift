import Glibc
import Support

extension Failure {
    /// What the operating system refused, as a failure that a person can act on.
    ///
    /// - Parameters:
    ///   - error: an `errno` value, read right after the call.
    ///   - verb: `read`, `write`, … as in "cannot write this file".
    package static func system(_ error: Int32, cannot verb: String, _ path: String) -> Failure {
        let reason = String(cString: strerror(error))
        let full = [EIO, ENOSPC, EDQUOT, EFBIG, ENOMEM, EMFILE, ENFILE].contains(error)
        return Failure(
            full ? .outOfResources : .usage, "cannot \(verb) this file: \(reason)", at: path,
            found: "errno \(error) (\(reason))", advice: advice(error, path))
    }

    private static func advice(_ error: Int32, _ path: String) -> String {
        let folder = parentFolder(path)
        switch error {
        case ENOSPC, EDQUOT:
            return "free some space (or quota) on the file system of \(folder), or choose another one by --work"
        case EFBIG: return "raise the limit on file sizes (ulimit -f)"
        case EACCES, EPERM: return "check the rights on \(path) and on \(folder) (ls -ld), or choose another place by --work"
        case EROFS: return "\(folder) is on a read-only file system: choose another place by --work"
        case ENOENT: return "check the spelling, and that the folder \(folder) exists"
        case EMFILE, ENFILE: return "raise the limit on open files (ulimit -n)"
        case ENOMEM: return "use fewer ranks on this node, or a node with more memory"
        case EIO: return "see whether the disk is in order; then run the same command again"
        default: return "check the path and the file system"
        }
    }
}

/// The folder of `path`: all before the last slash, `.` where there is none.
package func parentFolder(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The names in `folder`, sorted; empty where it can't be read.
package func namesInFolder(_ folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        // The record ends with its name: a copy of all that the type has room for would read beyond the folder's buffer.
        let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
        let name = String(cString: start.assumingMemoryBound(to: CChar.self))
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

package func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

package func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}
