import Glibc

extension Failure {
    /// What the operating system refused, as a failure that a person can act on: a full disk is `.outOfResources`, a place where
    /// we may not or cannot read or write is `.usage`.
    ///
    /// - Parameters:
    ///   - error: an `errno` value, read right after the call.
    ///   - problem: what could not be done, as in "the file cannot be written".
    package static func system(_ error: Int32, _ problem: String, _ path: String) -> Failure {
        let found = String(cString: strerror(error)), folder = parentFolder(path)
        func failure(_ code: Code, _ advice: String, expected: String = "") -> Failure {
            Failure(code, problem, at: path, found: found, expected: expected, advice: advice)
        }
        switch error {
        case ENOSPC, EDQUOT:
            return failure(
                .outOfResources,
                "free some space (or quota) on the file system of \(folder), or choose another place; \(again)",
                expected: "room on the disk")
        case EFBIG: return failure(.outOfResources, "raise the limit on file sizes (ulimit -f); \(again)")
        case EPIPE: return failure(.usage, "whoever reads \(path) has stopped before the end: keep it reading")
        case EMFILE, ENFILE: return failure(.outOfResources, "raise the limit on open files (ulimit -n)")
        case ENOMEM: return failure(.outOfResources, "use fewer ranks on this node, or a node with more memory")
        case EACCES, EPERM:
            return failure(
                .usage, "check the rights on \(path) and on \(folder) (ls -ld), or choose another place",
                expected: "the right to do so")
        case EROFS: return failure(.usage, "\(folder) is on a read-only file system: choose another place")
        case ENOENT: return failure(.usage, "check the spelling, and that the folder \(folder) exists")
        case ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EINVAL, EEXIST, ENXIO:
            return failure(.usage, "check the path")
        case EAGAIN, ENOLCK, ENOSYS, ENOTSUP:
            return failure(
                .usage, "set HDF5_USE_FILE_LOCKING=FALSE in the environment of every rank",
                expected: "a file system with file locks")
        default: return failure(.outOfResources, "see whether the disk is in order; \(again)")
        }
    }

    private static var again: String {
        "then run the same command again: a training run goes on from its newest whole checkpoint"
    }
}
