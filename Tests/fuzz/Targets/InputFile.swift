import Glibc
import Support

/// A file in memory that is overwritten by each input, for parsers that take a path.
final class InputFile: Sendable {
    let path: String
    /// Of the file that `overwrite` opened.
    nonisolated(unsafe) private var descriptor: Int32 = -1

    /// - Parameter name: of the file in this process's folder of /dev/shm.
    init(_ name: String) { path = "\(Self.folder)/\(name)" }

    /// A folder of this process's own.
    static let folder: String = {
        let folder = "/dev/shm/deepxml-fuzz-\(getpid())"
        mkdir(folder, 0o700)
        return folder
    }()

    /// The file with this content; another one than the last, so that no mapping of that changes.
    func write(_ content: some Collection<UInt8>) -> String {
        unlink(path)
        let descriptor = create()
        let bytes = Array(content)
        precondition(bytes.isEmpty || Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        return path
    }

    /// The same file with this content, which takes less time: nobody may have it mapped, or put another in its place.
    func overwrite(_ content: UnsafeRawBufferPointer) -> String {
        if descriptor < 0 { descriptor = create() }
        let count = pwrite(descriptor, content.baseAddress, content.count, 0)
        precondition(count == content.count && ftruncate(descriptor, count) == 0)
        return path
    }

    /// Makes the next `overwrite` write a new file: the parser holds on to this one.
    func renew() {
        close(descriptor)
        unlink(path)
        descriptor = -1
    }

    private func create() -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "\(path) cannot be written")
        return descriptor
    }
}

/// A file of this content in memory: what most parsers take.
func memory(_ content: UnsafeRawBufferPointer) -> MappedFile { MappedFile(path: "input", content: content) }

func memory(_ content: [UInt8]) -> MappedFile { content.withUnsafeBytes(memory) }
