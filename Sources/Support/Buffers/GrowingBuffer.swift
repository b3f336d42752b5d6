/// A list that grows and then becomes a buffer: it is never twice in memory, but for a piece.
package struct GrowingBuffer<Element: BitwiseCopyable> {
    private var pieces: [Buffer<Element>] = []
    package private(set) var count = 0
    private let length: Int

    /// - Parameter pieceBytes: memory is taken in pieces of this size; small ones where there are many lists.
    package init(pieceBytes: Int = 4 << 20) { length = max(1, pieceBytes / MemoryLayout<Element>.stride) }

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
