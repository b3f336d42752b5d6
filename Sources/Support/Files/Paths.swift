import Glibc

/// The folder of `path`: all before the last slash, `.` where there is none.
package func parentFolder(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// What stands behind the last slash of `path`.
package func lastName(_ path: String) -> String {
    String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
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

/// Whether two paths name one file, by whatever links.
package func isSameFile(_ a: String, _ b: String) -> Bool { isSame(a, b, S_IFREG) }

/// Whether two paths lead to one folder, by whatever links.
package func isSameFolder(_ a: String, _ b: String) -> Bool { isSame(a, b, S_IFDIR) }

/// Whether two paths lead to one thing, of that kind.
private func isSame(_ a: String, _ b: String, _ kind: mode_t) -> Bool {
    var (first, second) = (stat(), stat())
    guard stat(a, &first) == 0, stat(b, &second) == 0, first.st_mode & S_IFMT == kind else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
}

/// Whether two paths, of files that need not exist yet, name one file.
package func isSamePlace(_ a: String, _ b: String) -> Bool {
    func place(_ path: String) -> String {
        guard let folder = realpath(parentFolder(path), nil) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + lastName(path)
    }
    return isSameFile(a, b) || place(a) == place(b)
}

/// Tells before the work that an output would take the place of what is read: some commands would even succeed, but it is a slip.
///
/// - Parameters:
///   - output: a path, or nil or `-`, which are no file.
///   - option: that names it.
///   - inputs: paths of files; nil: not given.
/// - Throws: `Failure(.usage)`.
package func checkKept(_ inputs: [String?], by output: String?, option: String) throws {
    guard let output, output != "-", let input = inputs.lazy.compactMap({ $0 }).first(where: { isSameFile($0, output) }) else {
        return
    }
    throw Failure(
        .usage, "a file that is read would be replaced", at: "\(option) \(output)", found: input, expected: "another file",
        advice: "name a new file")
}

/// Makes the folder `path` and those above it, where they are missing.
///
/// - Throws: `Failure` where something else is in the way, or we may not write there.
package func makeFolder(_ path: String) throws {
    if path.isEmpty || path == "/" || mkdir(path, 0o777) == 0 { return }
    var error = errno
    if error == ENOENT {
        let above = parentFolder(path)
        if above != path { try makeFolder(above) }
        if mkdir(path, 0o777) == 0 { return }
        error = errno
    }
    if isFolder(path) { return }
    throw Failure.system(error == EEXIST ? ENOTDIR : error, "the folder cannot be made", path)
}
