import Glibc

/// A file in memory that is overwritten by each input, for parsers that take a path.
struct InputFile {
    let path: String

    /// - Parameter name: of the file in this process's folder of /dev/shm.
    init(_ name: String) {
        path = "\(Self.folder)/\(name)"
    }

    /// A folder of this process's own.
    static let folder: String = {
        let folder = "/dev/shm/deepxml-fuzz-\(getpid())"
        mkdir(folder, 0o700)
        return folder
    }()

    /// The file with this content; another one than the last, so that no mapping of that changes.
    func write(_ content: some Collection<UInt8>) -> String {
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "\(path) cannot be written")
        let bytes = Array(content)
        precondition(bytes.isEmpty || Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        return path
    }
}
