import Glibc
import Support

/// A file that appears under its name only when it is whole: written to a temporary beside it, fsynced, renamed.
///
/// Where it isn't committed, it is removed and what stood under the name before stays.
public struct AtomicFile: ~Copyable {
    public let path: String
    private let temporary: String
    private let descriptor: Int32
    /// Bytes written so far.
    public private(set) var position = 0

    /// - Throws: `Failure` where the folder is missing or may not be written.
    public init(path: String) throws {
        self.path = path
        // Unique among the threads, processes and nodes that may write the same file at once.
        temporary = "\(path).\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
        descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw Failure.system(errno, cannot: "write", path) }
    }

    deinit {
        // After a commit both fail, and that is as it should be.
        close(descriptor)
        unlink(temporary)
    }

    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let part = min(bytes.count - done, 1 << 30)
            let written = Glibc.write(descriptor, bytes.baseAddress! + done, part)
            if written < 0 {
                if errno == EINTR { continue }
                throw Failure.system(errno, cannot: "write", path)
            }
            done += written
        }
        position += bytes.count
    }

    public mutating func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }

    /// Writes zeros up to the next multiple of `alignment`.
    public mutating func pad(to alignment: Int) throws {
        let missing = (alignment - position % alignment) % alignment
        if missing > 0 { try write([UInt8](repeating: 0, count: missing)) }
    }

    /// Overwrites bytes that were written before.
    public func rewrite(_ bytes: [UInt8], at offset: Int) throws {
        precondition(offset + bytes.count <= position)
        let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
        if written != bytes.count { throw Failure.system(written < 0 ? errno : ENOSPC, cannot: "write", path) }
    }

    /// Makes the file durable and gives it its name.
    public consuming func commit() throws {
        if fsync(descriptor) != 0 { throw Failure.system(errno, cannot: "write", path) }
        if rename(temporary, path) != 0 { throw Failure.system(errno, cannot: "write", path) }
        // The name is durable when the folder is; some file systems refuse to sync folders, which is no error.
        let folder = Glibc.open(parentFolder(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }
}
