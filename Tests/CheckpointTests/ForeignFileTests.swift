import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

/// HDF5 files of other programs: which are read, what they hold, and what they may say.
@Suite struct ForeignFileTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func path(_ name: String) -> String { oraclePath("../Fixtures/hdf5/\(name).h5") }

    /// A matrix of two rows and five columns, with parts of other types or none.
    private func foreign(
        shape: H5Attribute? = .ints([2, 5]), starts: Buffer<Int64>? = Buffer([0, 2, 3]),
        columns: Buffer<Int64>? = Buffer([1, 4, 0]),
        _ more: (borrowing H5File) throws -> Void = { _ in }
    ) throws -> ForeignScores {
        let file = try H5File(creating: scratch.file("f.h5"))
        if let shape { try file.setAttribute("shape", shape) }
        if let starts { try file.write("indptr", starts) }
        if let columns { try file.write("indices", columns) }
        try more(file)
        try file.close()
        return try ForeignScores(scratch.file("f.h5"))
    }

    @Test func typesOfNumbers() throws {
        let scores = try foreign { try $0.write("data", Buffer<Double>([0.1, 2, -3])) }
        #expect(scores.shape.array == [2, 5] && scores.starts.array == [0, 2, 3] && scores.columns.array == [1, 4, 0])
        #expect(scores.values.array == [Float(0.1), 2, -3])
        let narrow = try foreign(starts: nil, columns: nil) {
            try $0.write("indptr", Buffer<Int32>([0, 1, 2]))
            try $0.write("indices", Buffer<Int32>([3, 4]))
            try $0.write("data", Buffer<Float>([0.5, 0.25]))
        }
        #expect(narrow.starts.array == [0, 1, 2] && narrow.columns.array == [3, 4] && narrow.values.array == [0.5, 0.25])
        // A matrix without values is one of ones.
        #expect(try foreign().values.array == [1, 1, 1])
        let integers = try failure { _ = try foreign { try $0.write("data", Buffer<Int32>([1, 2, 3])) } }
        #expect(integers.found == "int32" && integers.expected == "float32 or float64")
        let floats = try failure { _ = try foreign(columns: nil) { try $0.write("indices", Buffer<Float>([1, 4, 0])) } }
        #expect(floats.found == "float32" && floats.expected == "int32 or int64" && floats.place.hasSuffix(": indices"))
    }

    @Test func whatIsNoMatrix() throws {
        for shape in [nil, .ints([2]), .ints([2, 5, 1]), .int(2), .string("2, 5")] as [H5Attribute?] {
            #expect(try failure { _ = try foreign(shape: shape) }.problem == "not a file of predictions")
        }
        #expect(try failure { _ = try foreign(starts: nil) }.problem == "not a file of predictions")
        #expect(try failure { _ = try foreign(columns: nil) }.problem == "not a file of predictions")
    }

    @Test func whoseFileItIs() throws {
        let one = CSRMatrix(cols: 3, rows: [[(1, 0.5)]])
        try ScoreFile.write(one, to: scratch.file("ours.h5"))
        try ScoreFile.write(parts: ["clf": one], to: scratch.file("parts.h5"))
        _ = try foreign()
        func content(_ name: String) throws -> ScoreFile.Content { try ScoreFile.content(scratch.file(name)) }
        #expect(try content("ours.h5") == .scores && content("parts.h5") == .parts && content("f.h5") == .foreign)
        // Whoever has one of our marks owes the other.
        for mark in ["format", "checksum"] {
            _ = try foreign { try $0.setAttribute(mark, .string("x")) }
            #expect(try content("f.h5") == .scores, "\(mark)")
            #expect(try failure { _ = try ScoreFile.read(scratch.file("f.h5")) }.code == .damagedCheckpoint)
        }
    }

    /// A megabyte may come of nothing, and 1,032 bytes of each that is stored; `sparse` has one chunk of 1,024 bytes.
    @Test func sizesThatAFileMayClaim() throws {
        for (name, count) in [("empty_largest", 1 << 18), ("sparse_largest", (1 << 20 + 1032 * 1024) / 4)] {
            let file = try H5File(opening: path(name))
            #expect(try file.info("data").shape == [count], "\(name)")
            let beyond = try H5File(opening: path(name.replacing("largest", with: "larger")))
            let refused = try failure { _ = try beyond.info("data") }
            #expect(
                refused.problem == "a dataset out of proportion to its file"
                    && refused.found.hasPrefix("\(count + 1) elements in "))
        }
        #expect(try H5File(opening: path("empty_matrix")).info("small").shape == [512, 512])
        let wide = try failure { _ = try H5File(opening: path("empty_matrix")).info("wide") }
        #expect(wide.found == "513×512 elements in 0 bytes")
        #expect(
            try failure { _ = try H5File(opening: path("empty_matrix")).info("cube") }.found.hasPrefix(
                "a dataset of 3 dimensions"))
    }

    @Test func attributesOfOtherMaking() throws {
        let file = try H5File(opening: path("attributes"))
        #expect(try file.attribute("fixed") == .string("text") && file.attribute("one") == .double(0.5))
        #expect(try file.attribute("small") == .int(-3) && file.attribute("list") == .ints([1, 2, 3]))
        #expect(try file.attribute("single") == .ints([7]))
        for name in ["variable", "texts", "floats", "complex"] {
            let refused = try failure { _ = try file.attribute(name) }
            #expect(refused.found == "an attribute of a type that is none of ours", "\(name)")
        }
    }

    /// Superblocks of versions 2 and 3 have checksums.
    @Test func formatsThatOursMayHave() throws {
        #expect(try H5File(opening: path("good"), isOurs: true).contains("data"))
        #expect(throws: Failure.self) { try H5File(opening: path("earliest"), isOurs: true) }
        #expect(try H5File(opening: path("earliest")).contains("data"))
        try scratch.write("short.h5", Array(Data(contentsOf: URL(filePath: path("good"))).prefix(8)))
        #expect(throws: Failure.self) { try H5File(opening: scratch.file("short.h5"), isOurs: true) }
    }

    @Test func groupsAndTheirDepth() throws {
        func names(_ depth: Int) throws -> [String] {
            let file = try H5File(creating: scratch.file("deep.h5"))
            try file.write((1...depth).map { "g\($0)" }.joined(separator: "/"), Buffer<Float>([1]))
            try file.write("b", Buffer<Float>([1]))
            try file.write("a/z", Buffer<Float>([1]))
            try file.write("a/y", Buffer<Float>([1]))
            try file.close()
            return try H5File(opening: scratch.file("deep.h5")).datasetNames()
        }
        #expect(try names(2) == ["a/y", "a/z", "b", "g1/g2"])
        #expect(try names(16).last == (1...16).map { "g\($0)" }.joined(separator: "/"))
        #expect(throws: Failure.self) { try names(17) }
    }

    /// Four groups, each of which has what it holds under twenty names: 160,000 paths in a small file.
    @Test func moreObjectsThanAnybodyHas() throws {
        let refused = try failure { _ = try H5File(opening: path("many")).datasetNames() }
        #expect(refused.found == "more than 16 levels of groups, or 100000 objects")
    }

    @Test func aDatasetOfEachTypeIsChecked() throws {
        let file = try H5File(creating: scratch.file("all.h5"))
        try file.write("f", Buffer<Float>([1]))
        try file.write("d", Buffer<Double>([1]))
        try file.write("i", Buffer<Int32>([1]))
        try file.write("l", Buffer<Int64>([1]))
        try file.write("b", Buffer<UInt8>(Array(repeating: 0xA7, count: 99)))
        try file.write("u", Buffer<UInt64>([1]))
        try file.close()
        for name in ["f", "d", "i", "l", "b", "u"] { try H5File(opening: scratch.file("all.h5")).checkDataset(name) }
        let corruptor = try FileCorruptor(scratch.file("all.h5"))
        try corruptor.flip(#require(corruptor.whole.range(of: Data(repeating: 0xA7, count: 99))).lowerBound)
        #expect(throws: Failure.self) { try H5File(opening: scratch.file("all.h5")).checkDataset("b") }
        try H5File(opening: scratch.file("all.h5")).checkDataset("u")
    }

    /// The system's error is found in HDF5's sentence, all of its digits.
    @Test func errorsOfTheSystem() throws {
        try scratch.write("file", "x")
        #expect(try failure { _ = try H5File(opening: scratch.file("file/a.h5")) }.found.contains("Not a directory"))
        #expect(try failure { _ = try H5File(creating: scratch.file("no/a.h5")) }.found.contains("No such file"))
    }

    /// Rows and columns that a matrix of scores may say it has.
    @Test func shapesOfScores() throws {
        func code(_ shape: [Int], starts: [Int64] = [0, 1]) throws -> Bool {
            let path = scratch.file("s.h5"), file = try H5File(creating: path), starts = Buffer(starts)
            let indices = Buffer<Int32>([0]), values = Buffer<Float>([1])
            try file.write("indptr", starts)
            try file.write("indices", indices)
            try file.write("data", values)
            var checksum = CRC32()
            for bytes in [starts.bytes, indices.bytes, values.bytes] { checksum.update(UnsafeRawBufferPointer(bytes)) }
            try file.setAttribute("shape", .ints(shape))
            try file.setAttribute("checksum", .string(checksum.hex))
            try file.close()
            do {
                try ScoreFile.check(path)
                return true
            } catch let failure as Failure {
                #expect(failure.code == .damagedCheckpoint)
                return false
            }
        }
        let most = Int(Int32.max)
        #expect(
            try code([1, 1]) && code([1, most]) && !code([1, most + 1]) && !code([1, -1]) && !code([2, 1]) && !code([0, 1]))
        #expect(try !code([1]) && !code([1, 1, 1]) && !code([1, 1], starts: [-1, 1]) && !code([1, 1], starts: [0, 2]))
        #expect(try !code([1, 1], starts: [1, 0]) && !code([-1, 1], starts: []))
    }
}

/// A shard on a disk of any room: it is whole, or the disk is said to be full. What HDF5 holds back until it closes a file counts.
@Suite(.enabled(if: TinyDisk.isPermitted, "needs the right to mount a tmpfs"))
struct ShardRoomTests {
    @Test func aShardIsWholeOrRefused() throws {
        let disk = try #require(try TinyDisk())
        var refusals = 0, whole = 0
        for count in stride(from: 12_000, through: 16_384, by: 24) {
            let store = makeStore("\(disk.path)/\(count)", Notices())
            let arrays = (0..<8).map {
                StoredArray("array \($0)", Buffer<Float>((0..<count / 8).map { Float($0) }), .rows(start: 0, total: count / 8))
            }
            do {
                let receipt = try store.writeShard(key(1), shard: 0, of: 1, arrays: arrays, attributes: ["note": .string("text")])
                try store.commit(key(1), receipts: [receipt], state: [:])
                let reader = try #require(try store.newest())
                for array in arrays { #expect(try (reader.replicated(array.name) as Buffer<Float>).count == count / 8) }
                whole += 1
            } catch let failure as Failure {
                #expect(failure.code == .outOfResources, "\(count): \(failure)")
                refusals += 1
            }
            try FileManager.default.removeItem(atPath: "\(disk.path)/\(count)")
        }
        #expect(whole > 3 && refusals > 3, "\(whole) whole, \(refusals) refused")
    }
}
