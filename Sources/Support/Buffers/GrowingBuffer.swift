/// A list that grows and then becomes a buffer: it is never twice in memory, but for a piece of 4 MiB.
package struct GrowingBuffer<Element: BitwiseCopyable> {
    private var pieces: [Buffer<Element>] = []
    package private(set) var count = 0
    private let length = (4 << 20) / MemoryLayout<Element>.stride

    package init() {}

    package mutating func append(_ element: Element) {
        if count == pieces.count * length { pieces.append(Buffer(count: length)) }
        pieces[pieces.count - 1][count % length] = element
        count += 1
    }

    /// All elements; the list is empty afterwards.
    package mutating func take() -> Buffer<Element> {
        let whole = Buffer<Element>(count: count)
        pieces.reverse()
        for at in stride(from: 0, to: count, by: length) {
            let part = min(length, count - at)
            whole[at..<at + part].update(from: pieces.removeLast()[0..<part])
        }
        count = 0
        return whole
    }
}
