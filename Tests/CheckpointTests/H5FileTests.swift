import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

@Suite struct H5FileTests {
    @Test func everyElementTypeComesBack() throws {
        let scratch = try TemporaryFolder()
        let file = try H5File(creating: scratch.file("a.h5"))
        try file.write("f", Buffer<Float>([1.5, -0.0, .infinity, .leastNonzeroMagnitude]))
        try file.write("i", Buffer<Int32>([.min, 0, .max]))
        try file.write("l", Buffer<Int64>([.min, .max]))
        try file.write("b", Buffer<UInt8>([0, 255]))
        try file.write("group/u", Buffer<UInt64>([.max, 1]))
        try file.close()

        let back = try H5File(opening: scratch.file("a.h5"))
        let floats: Buffer<Float> = try back.read("f")
        #expect(floats.array.map(\.bitPattern) == [1.5, -0.0, Float.infinity, .leastNonzeroMagnitude].map(\.bitPattern))
        #expect(try (back.read("i") as Buffer<Int32>).array == [.min, 0, .max])
        #expect(try (back.read("l") as Buffer<Int64>).array == [.min, .max])
        #expect(try (back.read("b") as Buffer<UInt8>).array == [0, 255])
        #expect(try (back.read("group/u") as Buffer<UInt64>).array == [.max, 1])
        #expect(try back.info("f") == H5Info(type: .float32, shape: [4]))
        let found = [back.contains("group/u"), back.contains("group"), back.contains("group/x"), back.contains("x/y")]
        #expect(found == [true, true, false, false])
    }

    /// Shapes below, at and above one chunk of 1 MiB, and a row that is longer than a chunk.
    @Test(arguments: [(0, 0), (0, 7), (5, 0), (1, 1), (3, 5), (1024, 256), (1500, 300), (2, 300_000)])
    func matricesOfAnyShape(_ rows: Int, _ cols: Int) throws {
        let scratch = try TemporaryFolder()
        let file = try H5File(creating: scratch.file("m.h5"))
        try file.write("m", counting(rows, cols))
        try file.close()
        let back = try H5File(opening: scratch.file("m.h5"))
        #expect(try back.info("m") == H5Info(type: .float32, shape: [rows, cols]))
        let read: Buffer<Float> = try back.read("m")
        #expect(read.array == counting(rows, cols).buffer.array)
    }

    @Test func attributesComeBack() throws {
        let scratch = try TemporaryFolder()
        let file = try H5File(creating: scratch.file("a.h5"))
        let values: [(String, H5Attribute)] = [
            ("double", .double(0.1)), ("empty", .string("")), ("int", .int(.min)), ("ints", .ints([3, -4])),
            ("ints none", .ints([])), ("ints one", .ints([5])),
            ("long", .string(String(repeating: "é", count: 40_000))), ("text", .string("naïve ✓")),
        ]
        for (name, value) in values { try file.setAttribute(name, value) }
        try file.write("d", Buffer<Float>([1]))
        try file.setAttribute("here", .int(7), on: "d")
        try file.close()
        let back = try H5File(opening: scratch.file("a.h5"))
        let names = back.attributeNames()
        #expect(names == values.map(\.0))
        for (name, value) in values { #expect(try back.attribute(name) == value) }
        #expect(try back.attribute("here", on: "d") == .int(7))
        #expect(try back.attribute("none") == nil)
    }

    /// As HDF5's file format has it (version 3, IV.A.2.d): a string of fixed length (class 3), padded with zeros, in UTF-8, with its size.
    @Test func aTextTakesItsBytes() throws {
        let scratch = try TemporaryFolder()
        for (text, size) in [("", 1), ("x", 1), ("xy", 2), ("é", 2), (String(repeating: "n", count: 300), 300)]
            as [(String, UInt32)]
        {
            let file = try H5File(creating: scratch.file("a.h5"))
            try file.setAttribute("t", .string(text))
            try file.close()
            let type = Data([0x13, 0x11, 0, 0]) + withUnsafeBytes(of: size.littleEndian) { Data($0) }
            #expect(try Data(contentsOf: URL(filePath: scratch.file("a.h5"))).range(of: type) != nil, "\(text)")
            #expect(try H5File(opening: scratch.file("a.h5")).attribute("t") == .string(text))
        }
    }

    @Test func errorsNameTheFileAndWhatWasFound() throws {
        let scratch = try TemporaryFolder()
        let missing = try failure { _ = try H5File(opening: scratch.file("no.h5")) }
        #expect(missing.code == .usage && missing.place == scratch.file("no.h5") && missing.found.contains("No such file"))

        try AtomicFile.write(scratch.file("text.h5"), Data("this is no HDF5 file".utf8))
        let text = try failure { _ = try H5File(opening: scratch.file("text.h5")) }
        #expect(text.code == .damagedCheckpoint && text.place == scratch.file("text.h5") && !text.found.isEmpty)

        let file = try H5File(creating: scratch.file("a.h5"))
        try file.write("d", Buffer<Float>([1]))
        try file.close()
        let back = try H5File(opening: scratch.file("a.h5"))
        #expect(throws: Failure.self) { try back.read("d") as Buffer<Int32> }
        let none = try failure { _ = try back.read("other") as Buffer<Float> }
        #expect(none.problem.contains("'other'"))
    }

    @Test func aChangedByteOfDataIsFoundByItsChecksum() throws {
        let scratch = try TemporaryFolder()
        let file = try H5File(creating: scratch.file("a.h5"))
        try file.write("d", Buffer<UInt8>([UInt8](repeating: 0xA7, count: 500)))
        try file.close()
        let corruptor = try FileCorruptor(scratch.file("a.h5"))
        let at = try #require(corruptor.whole.range(of: Data(repeating: 0xA7, count: 500)))
        try corruptor.flip(at.lowerBound + 250)
        let back = try H5File(opening: scratch.file("a.h5"))
        let found = try failure { _ = try back.read("d") as Buffer<UInt8> }
        #expect(found.code == .damagedCheckpoint && found.found.contains("letcher32"))
    }

    /// Debian's library has a lock of its own; with a build that has none, this crashes without ours.
    @Test func threadsMayWriteAndReadAtTheSameTime() throws {
        let scratch = try TemporaryFolder()
        DispatchQueue.concurrentPerform(iterations: 16) { thread in
            for round in 0..<8 {
                let path = scratch.file("\(thread)-\(round).h5")
                do {
                    let file = try H5File(creating: path)
                    try file.write("m", counting(50, thread + 1))
                    try file.setAttribute("thread", .int(thread))
                    try file.close()
                    let back = try H5File(opening: path)
                    #expect(try (back.read("m") as Buffer<Float>).array == counting(50, thread + 1).buffer.array)
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
    }

    @Test func theSameContentGivesTheSameBytes() throws {
        let scratch = try TemporaryFolder()
        for name in ["a.h5", "b.h5"] {
            let file = try H5File(creating: scratch.file(name))
            try file.write("g/m", counting(10, 10))
            try file.setAttribute("x", .double(1), on: "g/m")
            try file.close()
            if name == "a.h5" { Thread.sleep(forTimeInterval: 1.1) }
        }
        #expect(FileManager.default.contentsEqual(atPath: scratch.file("a.h5"), andPath: scratch.file("b.h5")))
    }
}
