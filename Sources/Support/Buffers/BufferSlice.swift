/// Some neighbouring elements of a buffer, numbered from 0: a row of a matrix, a list. Writing goes to the buffer, which it
/// keeps alive.
@frozen public struct BufferSlice<Element: BitwiseCopyable>: RandomAccessCollection, @unchecked Sendable {
    @usableFromInline let base: UnsafeMutablePointer<Element>
    public let count: Int
    @usableFromInline let buffer: Buffer<Element>

    /// - Precondition: the range lies within the buffer.
    @inlinable public init(_ buffer: Buffer<Element>, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count, "a slice that leaves its buffer")
        (base, count, self.buffer) = (buffer.pointer + range.lowerBound, range.count, buffer)
    }

    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { count }

    @inlinable public subscript(index: Int) -> Element {
        get {
            assert(index >= 0 && index < count)
            return base[index]
        }
        nonmutating set {
            assert(index >= 0 && index < count)
            base[index] = newValue
        }
    }

    /// A part of it, numbered from 0 too.
    @inlinable public func part(_ range: Range<Int>) -> BufferSlice {
        let first = base - buffer.pointer
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a part that leaves its slice")
        return BufferSlice(buffer, first + range.lowerBound..<first + range.upperBound)
    }

    @inlinable public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<Element>) throws -> Result
    ) rethrows -> Result? {
        try body(UnsafeBufferPointer(start: base, count: count))
    }

    /// Copies the elements of `other`, as many as there are here.
    @inlinable public func update(from other: BufferSlice) {
        precondition(count == other.count, "slices of different lengths")
        base.update(from: other.base, count: count)
    }

    @inlinable public func fill(_ element: Element) { base.update(repeating: element, count: count) }
}

extension BufferSlice where Element: Comparable {
    /// Whether an ascending list has the element.
    @inlinable public func holds(_ element: Element) -> Bool {
        var low = 0, high = count
        while low < high {
            let middle = (low + high) / 2
            if base[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low < count && base[low] == element
    }
}

extension Buffer {
    /// Some neighbouring elements.
    @inlinable public subscript(range: Range<Int>) -> BufferSlice<Element> { BufferSlice(self, range) }
    /// All elements.
    @inlinable public var all: BufferSlice<Element> { BufferSlice(self, 0..<count) }

    /// Some neighbouring elements as a buffer, without a copy.
    public func view(_ range: Range<Int>) -> Buffer {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a view that leaves its buffer")
        return range == 0..<count ? self : Buffer(viewing: pointer + range.lowerBound, count: range.count, owner: self)
    }

    /// The first `count` elements, without a copy.
    package func prefix(_ count: Int) -> Buffer { view(0..<count) }
}
