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

    public func fill(_ element: Element) { pointer.update(repeating: element, count: count) }

    public func copy(from other: Buffer<Element>) {
        precondition(count == other.count)
        pointer.update(from: other.pointer, count: count)
    }
}
