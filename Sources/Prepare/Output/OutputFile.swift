import Foundation
import Support

/// A file that is written from its beginning to its end, through a buffer; every error of the disk is reported.
final class OutputFile {
    private let path: String
    private let handle: UnsafeMutablePointer<FILE>

    /// Creates `path`, lets `body` write, and closes it.
    ///
    /// - Throws: `Failure` (`outOfResources` where the disk is full) and what `body` throws.
    static func write(_ path: String, _ body: (OutputFile) throws -> Void) throws {
        guard let handle = fopen(path, "w") else { throw failure(path, errno) }
        let file = OutputFile(path: path, handle: handle)
        do {
            try body(file)
        } catch {
            fclose(handle)
            throw error
        }
        if fclose(handle) != 0 { throw failure(path, errno) }
    }

    private init(path: String, handle: UnsafeMutablePointer<FILE>) {
        self.path = path
        self.handle = handle
    }

    func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        if bytes.count > 0, fwrite(bytes.baseAddress, 1, bytes.count, handle) != bytes.count {
            throw Self.failure(path, errno)
        }
    }

    static func failure(_ path: String, _ error: Int32) -> Failure {
        let isFull = error == ENOSPC || error == EDQUOT
        return Failure(
            isFull ? .outOfResources : .usage, "the file cannot be written", at: path, found: String(cString: strerror(error)),
            advice: isFull
                ? "free space on this disk, or name another by --data"
                : "check the folder's owner and permissions, or name another by --data")
    }
}
