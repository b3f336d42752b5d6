import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

/// Checkpoints in a mapped file: as they are, in fewer bytes, and any rectangle of them.
@Suite struct MappedCheckpointTests {
    private let scratch: TemporaryFolder
    private let team = ThreadTeam(size: 1)

    init() throws { scratch = try TemporaryFolder() }

    private static let rows = 7, cols = 5

    /// Rows of different size, one of zeros, one of the smallest numbers there are, one of numbers halfway between two of bfloat16; signs
    /// alternate.
    private static func weight(_ row: Int, _ col: Int) -> Float {
        let sign: Float = (row + col) % 2 == 0 ? 1 : -1
        switch row {
        case 3: return 0
        case 4: return sign * Float(36 * (col + 1)) * .leastNonzeroMagnitude
        case 5: return sign * Float(bitPattern: 0x3F80_8000 + UInt32(col) << 16)
        default: return sign * Float(row + 1) * (0.3 + Float(col * col) / 7)
        }
    }

    /// A checkpoint of two workers with an array of each type.
    private func reader() throws -> CheckpointReader {
        let store = makeStore(scratch.file("store"), Notices())
        let receipts = try (0..<2).map { worker in
            let own = worker == 0 ? 0..<4 : 4..<Self.rows
            let matrix = DenseMatrix(rows: own.count, cols: Self.cols)
            for (at, row) in own.enumerated() { for col in 0..<Self.cols { matrix[at, col] = Self.weight(row, col) } }
            return try store.writeShard(
                key(3), shard: worker, of: 2,
                arrays: [
                    StoredArray("W", matrix, .rows(start: own.lowerBound, total: Self.rows)),
                    StoredArray("double", Buffer<Double>([0.1, -2])), StoredArray("int32", Buffer<Int32>([.min, 7, .max])),
                    StoredArray("int64", Buffer<Int64>([1, -1, .max, 0]), columns: 2),
                    StoredArray("uint8", Buffer<UInt8>([0, 255])), StoredArray("uint64", Buffer<UInt64>([.max])),
                    StoredArray("none", Buffer<Float>(count: 0), columns: 3),
                ])
        }
        try store.commit(key(3), receipts: receipts, state: ["lr": "0.5"])
        return try #require(try store.newest())
    }

    /// The checkpoint's arrays, `W` narrowed where a type is given.
    private func mapped(_ weights: ArrayType? = nil) throws -> CheckpointReader {
        let path = scratch.file("mapped.dxa"), reader = try reader()
        var writer = try ArrayFileWriter(path: path, team: team)
        try writer.begin(reader)
        for name in reader.names where name != "W" || weights == nil { try writer.copy(name, of: reader) }
        if let weights { try writer.narrow("W", of: reader, weights) }
        try writer.commit()
        let file = try ArrayFile(mapping: path)
        try file.check(team)
        #expect(try CheckpointReader(file, module: "surrogate") == nil)
        return try #require(try CheckpointReader(file, module: "extreme"))
    }

    /// All rectangles of a matrix whose elements are known.
    private func expect(_ reader: CheckpointReader, _ wanted: (Int, Int) -> Float) throws {
        for (top, bottom, left, right) in [(0, 7, 0, 5), (2, 6, 0, 5), (0, 7, 1, 4), (3, 5, 2, 3), (6, 7, 4, 5), (1, 1, 0, 5)] {
            let found: Buffer<Float> = try reader.rectangle("W", top..<bottom, left..<right)
            let all = (top..<bottom).flatMap { row in (left..<right).map { wanted(row, $0) } }
            #expect(found.array == all, "rows \(top)..<\(bottom), columns \(left)..<\(right)")
        }
        #expect(try reader.columns("W", 1..<3).array == (0..<7).flatMap { row in (1..<3).map { wanted(row, $0) } })
        let some: Buffer<Float> = try reader.rows("W", 2..<4)
        #expect(some.array == (2..<4).flatMap { row in (0..<5).map { wanted(row, $0) } })
    }

    @Test func everyArrayComesBackAsItWas() throws {
        let before = try reader(), after = try mapped()
        #expect(after.isMapped && !before.isMapped && after.isPinned && after.shardCount == 2)
        #expect(after.key == key(3) && after.state == ["lr": "0.5"] && after.names == before.names)
        #expect(after.names == ["W", "double", "int32", "int64", "none", "uint64", "uint8"])
        for name in after.names {
            let (own, wanted) = (try after.extent(name), try before.extent(name))
            #expect(own == wanted && after.contains(name), "\(name)")
        }
        #expect(try after.extent("int64") == (2, 2) && after.extent("none") == (0, 3) && after.extent("int32") == (3, 1))
        try expect(before, Self.weight)
        try expect(after, Self.weight)
        #expect(try (after.replicated("double") as Buffer<Double>).array == [0.1, -2])
        #expect(try (after.replicated("int32") as Buffer<Int32>).array == [.min, 7, .max])
        #expect(try (after.replicated("int64") as Buffer<Int64>).array == [1, -1, .max, 0])
        #expect(try (after.replicated("uint8") as Buffer<UInt8>).array == [0, 255])
        #expect(try (after.replicated("uint64") as Buffer<UInt64>).array == [.max])
        #expect(try (after.replicated("none") as Buffer<Float>).count == 0)
        #expect(before.scalar("uint8") == .uint8 && before.scalar("W") == .float32 && before.scalar("x") == nil)
        #expect(!after.contains("x") && !before.contains("x"))
    }

    /// The nearest number of eight bits of mantissa; of two as near, that with an even one.
    @Test func halvesAreTheNearestOfTheirLength() throws {
        let narrow = try mapped(.bfloat16)
        try expect(narrow) { row, col in
            let exact = Self.weight(row, col), low = Float(bitPattern: exact.bitPattern & 0xFFFF_0000)
            let high = Float(bitPattern: (exact.bitPattern & 0xFFFF_0000) + 0x1_0000)
            let below = abs(exact - low), above = abs(high - exact)
            if below == above { return low.bitPattern & 0x1_0000 == 0 ? low : high }
            return below < above ? low : high
        }
    }

    /// Whole numbers from −127 to 127 times a 127th of the row's largest.
    @Test func bytesAreTheNearestTimesTheRowsScale() throws {
        let narrow = try mapped(.int8)
        try expect(narrow) { row, col in
            let scale = (0..<Self.cols).map { abs(Self.weight(row, $0)) }.max().map { $0 / 127 } ?? 0
            if scale == 0 { return 0 }
            return scale * max(-127, min(127, (Self.weight(row, col) / scale).rounded(.toNearestOrEven)))
        }
        // The largest of a row is itself again, and nothing is further away than half a step.
        for row in [0, 1, 2, 5, 6] {
            let found: Buffer<Float> = try narrow.rows("W", row..<row + 1), scale = abs(Self.weight(row, 4)) / 127
            #expect(abs(abs(found[4]) - abs(Self.weight(row, 4))) < 1e-6 * abs(Self.weight(row, 4)))
            for col in 0..<5 { #expect(abs(found[col] - Self.weight(row, col)) <= 0.501 * scale) }
        }
    }

    @Test func otherTypesThanTheArraysAreDamage() throws {
        let file = try mapped(.int8)
        #expect(throws: Failure.self) { try file.replicated("W") as Buffer<Double> }
        let failure = try failure { _ = try file.replicated("int32") as Buffer<Int64> }
        #expect(failure.code == .damagedCheckpoint && failure.found.contains("int32") && failure.expected == "int64")
        #expect(throws: Failure.self) { try file.rectangle("W", 0..<8, 0..<5) as Buffer<Float> }
        #expect(throws: Failure.self) { try file.rectangle("W", 0..<7, 0..<6) as Buffer<Float> }
    }

    /// An array that a model's other parts do not fit.
    @Test func anotherSizeIsNamed() throws {
        let file = try mapped()
        try file.require("W", rows: 7, cols: 5)
        for (rows, cols) in [(6, 5), (7, 4)] {
            let failure = try failure { try file.require("W", rows: rows, cols: cols) }
            #expect(failure.found == "7×5" && failure.expected == "\(rows)×\(cols)" && failure.place.hasSuffix("extreme/W"))
        }
    }

    /// As many workers as a group may have, and one more, one fewer than one.
    @Test(arguments: [(1, true), (65_536, true), (0, false), (65_537, false)])
    func workersThatACheckpointMayHave(shards: Int, isRead: Bool) throws {
        let path = scratch.file("a.dxa"),
            text = #"{"key":{"epoch":1,"module":"m","moduleIndex":0,"step":2},"shards":\#(shards),"state":{}}"#
        var writer = try ArrayFileWriter(path: path, team: team)
        writer.set("module.m", text)
        try writer.commit()
        let file = try ArrayFile(mapping: path)
        if isRead {
            #expect(try CheckpointReader(file, module: "m")?.shardCount == shards)
        } else {
            let failure = try failure { _ = try CheckpointReader(file, module: "m") }
            #expect(failure.code == .damagedCheckpoint && failure.found == "module m: \(text.prefix(60))" && text.count > 60)
        }
    }

    @Test func aRowWithoutItsScaleIsDamage() throws {
        let path = scratch.file("a.dxa")
        var writer = try ArrayFileWriter(path: path, team: team)
        writer.set("module.m", #"{"key":{"epoch":1,"module":"m","moduleIndex":0,"step":2},"shards":1,"state":{}}"#)
        try writer.write("m/W", Buffer<Int8>([1, 2, 3, 4]), .int8, cols: 2)
        try writer.write("m/W.scale", Buffer<Float>([1]), .float32)
        try writer.commit()
        let reader = try #require(try CheckpointReader(ArrayFile(mapping: path), module: "m"))
        #expect(throws: Failure.self) { try reader.replicated("W") as Buffer<Float> }
    }
}
