import Foundation
import Support

extension Failure {
    /// The `Failure` for the system's error `code` (errno) at `path`: a full disk is `.outOfResources`, a place where we
    /// may not or cannot read or write is `.usage`.
    static func system(_ code: Int32, _ problem: String, _ path: String) -> Failure {
        let found = String(cString: strerror(code))
        let again = "then run the same command again: it goes on from the newest whole checkpoint"
        switch code {
        case ENOSPC, EDQUOT, EFBIG:
            return Failure(
                .outOfResources, problem, at: path, found: found, expected: "room on the disk",
                advice: "free some space or point --work at a larger disk; \(again)")
        case EACCES, EPERM, EROFS:
            return Failure(
                .usage, problem, at: path, found: found, expected: "the right to do so",
                advice: "point --work at a folder of your own, or change this one's permissions")
        case ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EINVAL:
            return Failure(.usage, problem, at: path, found: found, advice: "see whether --work names the right folder")
        case EAGAIN, ENOLCK, ENOSYS, ENOTSUP:
            return Failure(
                .usage, problem, at: path, found: found, expected: "a file system with file locks",
                advice: "set HDF5_USE_FILE_LOCKING=FALSE in the environment of every rank")
        default:
            return Failure(
                .outOfResources, problem, at: path, found: found, advice: "see whether the disk is in order; \(again)")
        }
    }
}
