import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

/// One checksum covers about a megabyte of an array: what lies beside a damaged part is still read.
@Suite struct ChunkTests {
    private let scratch: TemporaryFolder
    private let store: CheckpointStore

    init() throws {
        scratch = try TemporaryFolder()
        store = makeStore(scratch.path, Notices())
    }

    /// A checkpoint of one array whose element `place` is damaged once it was checked.
    private func damaged<T: H5Element>(_ array: StoredArray, at place: Int, _ elements: Buffer<T>) throws -> CheckpointReader {
        let receipt = try store.writeShard(key(1), shard: 0, of: 1, arrays: [array])
        try store.commit(key(1), receipts: [receipt], state: [:])
        let reader = try #require(try store.newest())
        let corruptor = try FileCorruptor(scratch.file("ckpt_extreme_1_10/shard-0-of-1.h5"))
        let wanted = Data((place..<place + 4).flatMap { at in withUnsafeBytes(of: elements[at]) { Array($0) } })
        try corruptor.flip(#require(corruptor.whole.range(of: wanted)).lowerBound)
        // The last chunk of rows, and of columns, has room for more.
        let beside = corruptor.whole.count - array.bytes.count
        #expect(beside > 0 && beside < 2 << 20, "\(beside) bytes beside the array")
        return reader
    }

    private func isRead<T: H5Element>(_ reader: CheckpointReader, _ rows: Range<Int>, _ cols: Range<Int>, as: T.Type) -> Bool {
        guard let read: Buffer<T> = try? reader.rectangle("a", rows, cols) else { return false }
        return read.count == rows.count * cols.count
    }

    @Test func ofAList() throws {
        let mebibyte = 1 << 18, floats = Buffer<Float>((0..<3 * mebibyte).map { Float($0) })
        let reader = try damaged(StoredArray("a", floats), at: mebibyte, floats)
        #expect(isRead(reader, 0..<mebibyte, 0..<1, as: Float.self))
        #expect(isRead(reader, 2 * mebibyte..<3 * mebibyte, 0..<1, as: Float.self))
        #expect(!isRead(reader, 0..<mebibyte + 1, 0..<1, as: Float.self))
        #expect(!isRead(reader, 2 * mebibyte - 1..<2 * mebibyte, 0..<1, as: Float.self))
    }

    @Test func ofWideNumbers() throws {
        let mebibyte = 1 << 17, numbers = Buffer<Int64>((0..<2 * mebibyte + 9).map { Int64($0) })
        let reader = try damaged(StoredArray("a", numbers), at: mebibyte, numbers)
        #expect(
            isRead(reader, 0..<mebibyte, 0..<1, as: Int64.self) && !isRead(reader, mebibyte..<mebibyte + 1, 0..<1, as: Int64.self)
        )
        #expect(isRead(reader, 2 * mebibyte..<2 * mebibyte + 9, 0..<1, as: Int64.self))
    }

    /// Of 64 columns, 4,096 rows.
    @Test func ofAMatrix() throws {
        let matrix = counting(3 * 4096, 64)
        let reader = try damaged(StoredArray("a", matrix), at: 4096 * 64, matrix.buffer)
        #expect(isRead(reader, 0..<4096, 0..<64, as: Float.self) && isRead(reader, 8192..<12288, 0..<64, as: Float.self))
        #expect(!isRead(reader, 4096..<4097, 0..<64, as: Float.self) && !isRead(reader, 8191..<8192, 63..<64, as: Float.self))
    }

    /// A row that is longer than a megabyte is cut.
    @Test func ofLongRows() throws {
        let mebibyte = 1 << 18, matrix = counting(2, mebibyte + 1000)
        let reader = try damaged(StoredArray("a", matrix), at: mebibyte, matrix.buffer)
        #expect(
            isRead(reader, 0..<2, 0..<mebibyte, as: Float.self) && !isRead(reader, 0..<1, mebibyte..<mebibyte + 1, as: Float.self)
        )
        #expect(isRead(reader, 1..<2, 0..<mebibyte + 1000, as: Float.self))
    }

    /// Many short rows make no more chunks than their bytes.
    @Test func ofNarrowRows() throws {
        let matrix = counting(200_000, 3)
        let reader = try damaged(StoredArray("a", matrix), at: 3 * 100_000, matrix.buffer)
        // 87,381 rows in a chunk.
        #expect(isRead(reader, 0..<87_381, 0..<3, as: Float.self) && !isRead(reader, 87_381..<87_382, 0..<3, as: Float.self))
        #expect(isRead(reader, 174_762..<200_000, 0..<3, as: Float.self))
    }
}
