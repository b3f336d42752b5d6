import Glibc
import Support

/// A file in memory that each input overwrites in place, for parsers that take a path and don't map it.
struct InputFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// - Parameter name: of the file in this process's folder of /dev/shm.
    init(_ name: String) {
        path = "\(Self.folder)/\(name)"
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "\(path) cannot be written")
    }

    /// A folder of this process's own.
    static let folder: String = {
        let folder = "/dev/shm/deepxml-fuzz-\(getpid())"
        mkdir(folder, 0o700)
        return folder
    }()

    /// The path of the file with this content.
    func write(_ content: UnsafeRawBufferPointer) -> String {
        let count = pwrite(descriptor, content.baseAddress, content.count, 0)
        precondition(count == content.count && ftruncate(descriptor, count) == 0)
        return path
    }
}

/// A file of this content in memory: what most parsers take.
func memory(_ content: UnsafeRawBufferPointer) -> MappedFile { MappedFile(path: "input", content: content) }

func memory(_ content: [UInt8]) -> MappedFile { content.withUnsafeBytes(memory) }
