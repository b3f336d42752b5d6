import Glibc

/// A file to which lines are added while others read it: each line is one write at the file's end.
///
/// A device or a pipe is written to as it is; a link is followed. What stands in a file stays, unless it is to begin anew.
public final class AppendedFile: Sendable {
    public let path: String
    private let descriptor: Int32

    /// - Parameters:
    ///   - anew: what stands in the file goes.
    ///   - unread: is called over and over while nobody reads the pipe, which is waited for.
    /// - Throws: `Failure` where the folder is missing or may not be written, or `path` is a folder; what `unread` throws.
    public init(path: String, anew: Bool = false, unread: () throws -> Void = {}) throws {
        try refuseDash(path)
        var status = stat()
        let kind = stat(path, &status) == 0 ? status.st_mode & S_IFMT : S_IFREG, descriptor: Int32
        switch kind {
        case S_IFREG, S_IFDIR: descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (anew ? O_TRUNC : 0), 0o666)
        case S_IFIFO: descriptor = try Self.openPipe(path, unread)
        default: descriptor = open(path, O_WRONLY | O_CLOEXEC)
        }
        // A reader that goes away is an error of the next write, and not the end of this process.
        if kind != S_IFREG { signal(SIGPIPE, SIG_IGN) }
        if descriptor < 0 { throw Failure.system(errno, "the file cannot be written", path) }
        (self.path, self.descriptor) = (path, descriptor)
        try endTornLine()
    }

    deinit { close(descriptor) }

    /// To open a pipe for writing blocks until somebody reads it, whatever signal comes.
    private static func openPipe(_ path: String, _ unread: () throws -> Void) throws -> Int32 {
        while true {
            let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor < 0, errno == ENXIO else {
                if descriptor >= 0 { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK) }
                return descriptor
            }
            try unread()
            usleep(50_000)
        }
    }

    /// Adds a line; a reader sees all of it or, for a moment, its beginning.
    ///
    /// - Throws: `Failure`: `.outOfResources` where the disk is full.
    public func append(_ line: String) throws { try append(Array("\(line)\n".utf8)) }

    /// Adds bytes that need no end of a line.
    public func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try writeAll($0, to: descriptor, path) }
    }

    /// A process that was killed may have left the beginning of a line.
    private func endTornLine() throws {
        var status = stat(), last: UInt8 = 0
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { return }
        guard pread(descriptor, &last, 1, status.st_size - 1) == 1, last != UInt8(ascii: "\n") else { return }
        try append([UInt8(ascii: "\n")])
    }
}
