import Glibc

/// Plain memory for `count` elements, aligned to 64 bytes, that C kernels and MPI may read and write.
///
/// Shared between the threads of one rank under the discipline of its user: disjoint writes, or none.
public final class Buffer<Element: BitwiseCopyable>: @unchecked Sendable {
    public let pointer: UnsafeMutablePointer<Element>
    public let count: Int
    private let owner: AnyObject?

    /// Memory of our own, zeroed. Pages that are never touched cost nothing.
    public init(count: Int) {
        precondition(count >= 0)
        self.count = count
        let block = ZeroedMemory(bytes: count * MemoryLayout<Element>.stride)
        owner = block
        pointer = block.address.bindMemory(to: Element.self, capacity: max(count, 1))
    }

    /// A view of memory that `owner` keeps alive (a mapped file, another buffer).
    public init(viewing pointer: UnsafeMutablePointer<Element>, count: Int, owner: AnyObject) {
        self.pointer = pointer
        self.count = count
        self.owner = owner
    }

    public convenience init(_ elements: [Element]) {
        self.init(count: elements.count)
        elements.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }

    @inlinable public subscript(index: Int) -> Element {
        get { pointer[index] }
        set { pointer[index] = newValue }
    }

    public var array: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
    public var byteCount: Int { count * MemoryLayout<Element>.stride }
    public var bytes: UnsafeMutableRawBufferPointer { .init(start: pointer, count: byteCount) }

    /// The same memory as bytes.
    public var rawView: Buffer<UInt8> {
        let start = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: UInt8.self)
        return Buffer<UInt8>(viewing: start, count: byteCount, owner: self)
    }

    public func fill(_ element: Element) { pointer.update(repeating: element, count: count) }

    public func copy(from other: Buffer<Element>) {
        precondition(count == other.count)
        pointer.update(from: other.pointer, count: count)
    }
}

/// A block of zeroed memory, aligned to 64 bytes; large ones come as pages of their own, huge where the system can.
///
/// Classifier rows are met in random order: with pages of 4 KiB each row would cost a walk through the page tables.
final class ZeroedMemory {
    let address: UnsafeMutableRawPointer
    private let mappedBytes: Int
    private static let hugePage = 2 << 20

    init(bytes: Int) {
        if bytes >= Self.hugePage {
            mappedBytes = (bytes + Self.hugePage - 1) / Self.hugePage * Self.hugePage
            let memory = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            guard let memory, memory != MAP_FAILED else { outOfMemory(bytes) }
            madvise(memory, mappedBytes, Int32(MADV_HUGEPAGE))
            address = memory
        } else {
            mappedBytes = 0
            let rounded = max(64, (bytes + 63) / 64 * 64)
            guard let memory = aligned_alloc(64, rounded) else { outOfMemory(bytes) }
            memset(memory, 0, rounded)
            address = memory
        }
    }

    deinit {
        if mappedBytes > 0 { munmap(address, mappedBytes) } else { free(address) }
    }
}

/// Linux overcommits: a refusal means a limit (ulimit, cgroup) that no caller can work around. Under a launcher the rank is
/// named by its environment, as no communicator is known here.
private func outOfMemory(_ bytes: Int) -> Never {
    let names: [String] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "SLURM_PROCID"]
    let rank = names.lazy.compactMap { name in getenv(name).map { String(cString: $0) } }.first
    var host = [CChar](repeating: 0, count: 257)
    gethostname(&host, host.count - 1)
    let place = rank.map { "rank \($0) on \(String(cString: &host)): " } ?? ""
    let message = """
        error: \(place)out of memory
          found:      \(bytes) bytes were refused (by ulimit or a control group)
          what to do: see --dry-run for what each rank needs; use more nodes, or fewer ranks on this one

        """
    _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(4)
}
