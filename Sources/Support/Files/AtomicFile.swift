import Glibc

/// A file that appears under its name only when it is complete: written to a temporary beside it, synced, renamed.
///
/// Unless it is committed, the temporary is removed and whatever stood under the name stays. A link is followed, so that it
/// stays a link. A device or a pipe has no name to give: what is written goes to it at once.
public struct AtomicFile: ~Copyable {
    public let path: String
    private let destination: Destination
    /// Empty where the destination is a stream.
    private let temporary: String
    private let descriptor: Int32
    /// Bytes written so far.
    public private(set) var position = 0

    /// - Throws: `Failure` where the folder is missing or may not be written, or `path` names what no file can be written to: a
    ///   folder, a socket, a disk, a link that leads nowhere.
    public init(path: String) throws {
        let destination = try Destination(path)
        // Unique among the threads, processes and nodes that may write the same file at once.
        let temporary = "\(destination.file).\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
        let descriptor =
            destination.isStream
            ? Glibc.open(path, O_WRONLY | O_CLOEXEC)
            : Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw Failure.system(errno, "the file cannot be written", path) }
        (self.path, self.destination, self.descriptor) = (path, destination, descriptor)
        self.temporary = destination.isStream ? "" : temporary
    }

    /// Standard output, as a stream.
    public static func standardOutput() throws -> AtomicFile {
        let descriptor = dup(STDOUT_FILENO)
        if descriptor < 0 { throw StandardOutput.failure(errno) }
        return AtomicFile(stream: descriptor, path: StandardOutput.name)
    }

    private init(stream: Int32, path: String) {
        (self.path, destination, temporary, descriptor) = (path, Destination(stream: path), "", stream)
    }

    deinit {
        // After a commit both fail, as they should.
        close(descriptor)
        if !temporary.isEmpty { unlink(temporary) }
    }

    /// Whether what is written goes to a device or a pipe at once.
    public var isStream: Bool { destination.isStream }

    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        try writeAll(bytes, to: descriptor, path)
        position += bytes.count
    }

    public mutating func write(_ bytes: Buffer<UInt8>) throws { try write(UnsafeRawBufferPointer(bytes.bytes)) }

    public mutating func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }

    /// Writes zeros up to the next multiple of `alignment`.
    public mutating func pad(to alignment: Int) throws {
        let missing = (alignment - position % alignment) % alignment
        if missing > 0 { try write([UInt8](repeating: 0, count: missing)) }
    }

    /// Makes the file durable and gives it its name.
    public consuming func commit() throws {
        if destination.isStream { return }
        if fsync(descriptor) != 0 { throw Failure.system(errno, "the file cannot be written", path) }
        try putInPlace(temporary, destination, path)
    }
}

// In one call.
extension AtomicFile {
    /// Tells before a long work that what is to be written at `path` will find no place there.
    ///
    /// - Parameter streams: whether a device or a pipe will do.
    /// - Throws: `Failure` where `path` names a folder, a socket, a disk, a link that leads nowhere, or a stream where none will do.
    public static func check(_ path: String, streams: Bool) throws {
        let destination = try Destination(path)
        guard streams || !destination.isStream else { throw Destination.refusal(path, "a device or a pipe") }
        // An old file that may not be written can be replaced all the same: what counts is its folder.
        guard !destination.isStream, access(parentFolder(destination.file), W_OK) != 0 else { return }
        throw Failure.system(errno, "the file cannot be written", path)
    }

    /// Writes `bytes` to `path`, in place of what was there; its folder is made where it is missing.
    ///
    /// - Throws: `Failure`: `.outOfResources` where the disk is full, `.usage` where we may not write; what was at `path` before is
    ///   untouched then.
    public static func write(_ path: String, _ bytes: some Sequence<UInt8>) throws {
        try replace(path) { temporary in
            let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
            if descriptor < 0 { throw Failure.system(errno, "the file cannot be created", path) }
            defer { close(descriptor) }
            if try bytes.withContiguousStorageIfAvailable({
                try writeAll(UnsafeRawBufferPointer($0), to: descriptor, path)
            }) == nil {
                try Array(bytes).withUnsafeBytes { try writeAll($0, to: descriptor, path) }
            }
        }
    }

    /// Lets `body` write a temporary file at the path it is given, then puts it at `path` in one step; the folder is made where it is missing.
    ///
    /// The temporary's name is fixed, so that a killed run's leftover is overwritten by the next; two writers of one path at the
    /// same time are a mistake. Where `body` throws, the temporary is removed.
    ///
    /// - Throws: `Failure` where `path` names anything but a file, or nothing can be written there; what `body` throws.
    public static func replace<Result>(_ path: String, writing body: (String) throws -> Result) throws -> Result {
        let destination = try Destination(path)
        guard !destination.isStream else { throw Destination.refusal(path, "a device or a pipe") }
        let folder = parentFolder(destination.file)
        let temporary = "\(folder)/.\(lastName(destination.file)).tmp"
        try makeFolder(folder)
        do {
            let result = try body(temporary)
            try synchronise(temporary, saying: path)
            try putInPlace(temporary, destination, path)
            return result
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Waits until the file or folder at `path` is on the disk.
    package static func synchronise(_ path: String, saying shown: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw Failure.system(errno, "the file cannot be opened", shown) }
        defer { close(descriptor) }
        // Some file systems cannot sync a folder: nothing more can be done then.
        if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
            throw Failure.system(errno, "the file cannot be brought to the disk", shown)
        }
    }
}

/// What the name of an output refers to.
private struct Destination {
    /// The file that takes the new content: behind the link, where the name is one.
    let file: String
    let isStream: Bool

    init(_ path: String) throws {
        try refuseDash(path)
        var status = stat()
        guard stat(path, &status) == 0 else {
            if lstat(path, &status) == 0 { throw Self.refusal(path, "a link that leads nowhere") }
            (file, isStream) = (path, false)
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            isStream = false
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK, let real = realpath(path, nil) else {
                file = path
                return
            }
            defer { free(real) }
            file = String(cString: real)
        case S_IFCHR, S_IFIFO: (file, isStream) = (path, true)
        case S_IFDIR: throw Self.refusal(path, "a folder")
        default: throw Self.refusal(path, "a socket or a disk")
        }
    }

    init(stream: String) { (file, isStream) = (stream, true) }

    static func refusal(_ path: String, _ found: String) -> Failure {
        Failure(
            .usage, "this output is not a file", at: path, found: found, expected: "a file, or a name that is not taken",
            advice: "name another file")
    }
}

/// Commands that write to standard output take `-` for it, and never come here with it: a file of that name would be a slip.
///
/// - Throws: `Failure(.usage)`.
func refuseDash(_ path: String) throws {
    guard path == "-" else { return }
    throw Failure(
        .usage, "this output is not a file", at: path, found: "what stands for standard output elsewhere", expected: "a file",
        advice: "name /dev/stdout to write there, or ./- for a file of this name")
}

func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws {
    var done = 0
    while done < bytes.count {
        let written = Glibc.write(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30))
        if written < 0, errno == EINTR { continue }
        // A pipe or a terminal that others have set not to block: wait until it takes more.
        if written < 0, errno == EAGAIN {
            var wish = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&wish, 1, -1)
            continue
        }
        guard written > 0 else {
            let error = errno
            throw path == StandardOutput.name
                ? StandardOutput.failure(error) : Failure.system(error, "the file cannot be written", path)
        }
        done += written
    }
}

/// Renames, and makes the name durable.
private func putInPlace(_ temporary: String, _ destination: Destination, _ path: String) throws {
    if rename(temporary, destination.file) != 0 { throw Failure.system(errno, "the file cannot be put in place", path) }
    try AtomicFile.synchronise(parentFolder(destination.file), saying: path)
}
