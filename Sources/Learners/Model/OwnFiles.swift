import Foundation
import Support

/// What a model's folder may hold: files and folders of its own. It may be a stranger's, unpacked from an archive with links.
enum OwnFiles {
    /// Folders in a model's folder hold checkpoints, and these hold files.
    private static let deepest = 2

    /// - Throws: `Failure(.usage)` where a link leads out of the folder, or nowhere, or something is neither a file nor a folder:
    ///   reading it would show what is elsewhere, or wait for ever, and writing to it would change what is elsewhere.
    static func check(_ folder: String) throws {
        guard let whole = realPath(folder) else { return }
        try check(whole, in: whole, depth: 0)
    }

    private static func check(_ folder: String, in whole: String, depth: Int) throws {
        for name in namesInFolder(folder) {
            let path = "\(folder)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFREG: break
            case S_IFDIR: if depth < deepest { try check(path, in: whole, depth: depth + 1) }
            case S_IFLNK:
                guard let target = realPath(path), target.hasPrefix(whole + "/") else {
                    throw refused("a link that leads out of it", path, found: linkText(path))
                }
            default: throw refused("neither a file nor a folder", path, found: "a pipe, a socket or a device")
            }
        }
    }

    private static func refused(_ problem: String, _ path: String, found: String) -> Failure {
        Failure(
            .usage, "the model's folder has \(problem)", at: path, found: found, expected: "files and folders of the model's own",
            advice: "put the file itself there, if you know where it comes from; or remove it")
    }

    private static func linkText(_ path: String) -> String {
        "a link to " + ((try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? "somewhere")
    }

    /// nil: there is nothing.
    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
