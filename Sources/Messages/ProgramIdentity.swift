import Checkpoint
import Support

/// Which program a rank is: all ranks of a job must be the same file, byte for byte.
package enum ProgramIdentity {
    /// Version and checksum of this process's own program file; the version alone where it cannot be read.
    package static func current() -> String {
        let file = try? CRC32.ofFile("/proc/self/exe")
        return programVersion + (file.map { " (build \($0.hex))" } ?? "")
    }
}
