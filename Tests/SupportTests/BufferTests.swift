import Support
import Testing

@Suite struct BufferTests {
    /// Small ones come from the heap, those of 2 MiB and more as pages of their own.
    @Test(arguments: [0, 1, 15, 16, 1000, 524_288, 600_001]) func isZeroedAndAligned(count: Int) {
        for _ in 0..<2 {
            let buffer = Buffer<Float>(count: count)
            #expect(Int(bitPattern: buffer.pointer) % 64 == 0)
            #expect(buffer.count == count && buffer.byteCount == 4 * count && buffer.bytes.count == 4 * count)
            #expect(buffer.array.allSatisfy { $0 == 0 })
            // What is freed full of ones must not come back.
            buffer.fill(1)
            #expect(buffer.array.allSatisfy { $0 == 1 })
        }
    }

    @Test func copies() {
        let source = Buffer<Int32>([3, 1, 4, 1, 5])
        let copy = Buffer<Int32>(count: 5)
        copy.copy(from: source)
        copy[2] = 9
        #expect(source.array == [3, 1, 4, 1, 5])
        #expect(copy.array == [3, 1, 9, 1, 5])
        #expect(Buffer<UInt8>([]).array.isEmpty)
    }

    @Test func viewKeepsItsOwnerAlive() {
        final class Owner {
            let memory = UnsafeMutablePointer<Int>.allocate(capacity: 3)
            let ended: @Sendable () -> Void
            init(_ ended: @escaping @Sendable () -> Void) {
                self.ended = ended
                memory.initialize(repeating: 7, count: 3)
            }
            deinit {
                memory.deallocate()
                ended()
            }
        }
        let ended = Buffer<Bool>(count: 1)
        var owner: Owner? = Owner { ended.pointer[0] = true }
        var view: Buffer<Int>? = Buffer(viewing: owner!.memory, count: 3, owner: owner!)
        owner = nil
        #expect(!ended[0])
        #expect(view?.array == [7, 7, 7])
        view = nil
        #expect(ended[0])
    }

    /// Pieces are of 2²⁰ such elements.
    @Test(arguments: [0, 1, 1 << 20, (1 << 20) + 3]) func aListThatGrowsBecomesABuffer(count: Int) {
        var list = GrowingBuffer<Int32>()
        for i in 0..<count { list.append(Int32(i)) }
        let buffer = list.take()
        #expect(buffer.count == count && (0..<count).allSatisfy { buffer[$0] == Int32($0) } && list.count == 0)
        list.append(7)
        #expect(list.take().array == [7])
    }

    @Test func matrixIsRowMajor() {
        let matrix = DenseMatrix(rows: 3, cols: 4)
        for r in 0..<3 { for c in 0..<4 { matrix[r, c] = Float(10 * r + c) } }
        #expect(matrix.buffer.array == [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23])
        #expect(matrix.row(2)[1] == 21)
        let view = DenseMatrix(rows: 4, cols: 3, buffer: matrix.buffer)
        #expect(view[1, 0] == 3)
        view[3, 2] = -1
        #expect(matrix[2, 3] == -1)
    }
}
