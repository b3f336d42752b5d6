import Foundation
import Glibc
import Support
import Synchronization

/// The file behind a `RunLock`: a line of JSON that names the holder, then a line with a counter of fixed width.
final class LockFile: Sendable {
    private let path: String
    private let descriptor: Int32
    private let counterOffset: Int
    private let count = Atomic<UInt64>(0)

    private init(_ path: String, _ descriptor: Int32, counterOffset: Int) {
        (self.path, self.descriptor, self.counterOffset) = (path, descriptor, counterOffset)
    }

    deinit { close(descriptor) }

    /// A new lock at `path`; nil where there is one.
    static func create(_ path: String, holder: LockHolder) throws -> LockFile? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        if descriptor < 0, errno == EEXIST { return nil }
        return try fill(descriptor, path, saying: path, holder)
    }

    /// A new lock in place of the `stale` one at `path`, in one step; nil where another job was faster.
    static func replace(_ path: String, _ stale: Data?, holder: LockHolder) throws -> LockFile? {
        let temporary = "\(path).\(holder.pid)-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        let file = try fill(descriptor, temporary, saying: path, holder)
        if content(of: path) != stale {
            unlink(temporary)
            return nil
        }
        if rename(temporary, path) != 0 {
            let code = errno
            unlink(temporary)
            throw Failure.system(code, "the lock cannot be taken over", path)
        }
        return LockFile(path, dup(file.descriptor), counterOffset: file.counterOffset)
    }

    private static func fill(_ descriptor: Int32, _ path: String, saying shown: String, _ holder: LockHolder) throws -> LockFile {
        if descriptor < 0 { throw Failure.system(errno, "the lock cannot be created", shown) }
        let line = Array(try JSONEncoder().encode(holder)) + [UInt8(ascii: "\n")]
        let file = LockFile(path, descriptor, counterOffset: line.count)
        let whole = line + counterLine(0)
        // So short a file is written at once or not at all.
        if pwrite(descriptor, whole, whole.count, 0) != whole.count || fsync(descriptor) != 0 {
            let code = errno
            unlink(path)
            throw Failure.system(code, "the lock cannot be written", shown)
        }
        return file
    }

    private static func counterLine(_ count: UInt64) -> [UInt8] {
        let digits = String(count)
        return Array((String(repeating: "0", count: 20 - digits.count) + digits + "\n").utf8)
    }

    /// A sign of life. Where it can't be written the next may be: the lock is stale only after several.
    func beat() {
        let line = Self.counterLine(count.add(1, ordering: .relaxed).newValue)
        _ = pwrite(descriptor, line, line.count, counterOffset)
        fsync(descriptor)
    }

    /// Whether the file at the path is still this one. A file system that doesn't answer is no reason to think otherwise.
    var isInPlace: Bool {
        var own = stat(), there = stat()
        guard fstat(descriptor, &own) == 0 else { return true }
        if stat(path, &there) != 0 { return errno != ENOENT }
        return own.st_ino == there.st_ino && own.st_dev == there.st_dev
    }

    /// Opened anew each time: that makes a network file system look at the server.
    static func content(of path: String) -> Data? { FileManager.default.contents(atPath: path) }

    /// nil where there is no lock, or it is not whole.
    static func holder(of path: String) -> LockHolder? {
        guard let line = content(of: path)?.split(separator: UInt8(ascii: "\n")).first else { return nil }
        return try? JSONDecoder().decode(LockHolder.self, from: Data(line))
    }
}
