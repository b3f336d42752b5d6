import CMPI
import Glibc
import Support

extension MPICommunicator {
    public func sharedMemory(floats: Int) throws -> SharedMemory? {
        let bytes = SharedMapping.header + 4 * floats, made = rank == 0 ? SharedMapping(bytes: bytes) : nil
        // Others find the leader's file by its number among the leader's own.
        let name = try broadcastBytes(rank == 0 ? Array((made?.path ?? "").utf8) : nil)
        let path = String(decoding: name, as: UTF8.self)
        let mapping = rank == 0 ? made : SharedMapping(path: path, bytes: bytes)
        let isThere = try allgatherCounts(mapping == nil ? 0 : 1).min() == 1
        mapping?.close()
        guard isThere, let mapping else { return nil }
        let buffer = Buffer(
            viewing: (mapping.start + SharedMapping.header).bindMemory(to: Float.self, capacity: floats), count: floats,
            owner: mapping)
        return SharedMemory(buffer) { [self] in
            let phase = cmpi_arrive(mapping.barrier, UInt32(size))
            return Pending { try self.wait(for: phase, at: mapping) }
        }
    }

    /// Sleeps between looks: whoever comes last wakes the others.
    private func wait(for phase: UInt32, at mapping: SharedMapping) throws {
        let barrier = mapping.barrier
        if cmpi_has_ended(barrier, phase) != 0 { return }
        let interval = PollInterval(oversubscribed: isOversubscribed)
        while cmpi_has_ended(barrier, phase) == 0 {
            if interval.yields() { continue }
            cmpi_sleep(barrier, phase, Int(PollInterval.longestNapOfLongWait))
            // A message on its way from this rank may need it to look.
            var found: Int32 = 0
            if cmpi_has_ended(barrier, phase) == 0 {
                try library.locked {
                    try check(MPI_Iprobe(cmpi_any_source(), 0, exchangeHandle, &found, cmpi_status_ignore()), "MPI_Iprobe")
                }
            }
        }
        library.waited(nanoseconds: interval.waited)
    }
}

/// A file without a name that processes of one user on one node map: a barrier, then what they share.
private final class SharedMapping {
    static let header = 4096
    let start: UnsafeMutableRawPointer
    private let bytes: Int
    private var file: Int32

    var barrier: UnsafeMutablePointer<cmpi_barrier> { start.assumingMemoryBound(to: cmpi_barrier.self) }
    var path: String { "/proc/\(getpid())/fd/\(file)" }

    /// A new one; nil where the system has none.
    convenience init?(bytes: Int) {
        let file = cmpi_memory_file("deepxml-dist")
        guard file >= 0, ftruncate(file, bytes) == 0 else {
            if file >= 0 { _ = Glibc.close(file) }
            return nil
        }
        self.init(file: file, bytes: bytes)
    }

    /// Another rank's; nil where this one may not see it.
    convenience init?(path: String, bytes: Int) {
        let file = path.isEmpty ? -1 : open(path, O_RDWR | O_CLOEXEC)
        var status = stat()
        guard file >= 0, fstat(file, &status) == 0, status.st_size == bytes else {
            if file >= 0 { _ = Glibc.close(file) }
            return nil
        }
        self.init(file: file, bytes: bytes)
    }

    private init?(file: Int32, bytes: Int) {
        guard let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED else {
            _ = Glibc.close(file)
            return nil
        }
        (start, self.bytes, self.file) = (memory, bytes, file)
    }

    /// Once all have mapped it.
    func close() {
        if file >= 0 { _ = Glibc.close(file) }
        file = -1
    }

    deinit {
        close()
        munmap(start, bytes)
    }
}
