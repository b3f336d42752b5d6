import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

/// A file of mapped arrays put together here, byte by byte as docs/FORMATS.md has it: what is read is that format, and no other's lies.
@Suite struct ArrayFileFormatTests {
    private let scratch: TemporaryFolder
    private let team = ThreadTeam(size: 2)

    init() throws { scratch = try TemporaryFolder() }

    private static let magic = Array("DXARRAY1".utf8)

    private static func littleEndian(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }

    /// The description as the program writes it, with the checksum that its text should have.
    private static func checksummed(_ body: String) -> [UInt8] {
        let text = "{\"body\":\(body),\"fileChecksum\" : \"00000000\"}"
        var checksum = CRC32()
        Array(text.utf8).withUnsafeBytes { checksum.update($0) }
        return Array(text.replacing("00000000", with: checksum.hex).utf8)
    }

    private func write(_ arrays: [UInt8], body: String, place: Int? = nil) throws -> String {
        var bytes = Self.magic + [UInt8](repeating: 0, count: 56) + arrays
        while bytes.count % 64 > 0 { bytes.append(0) }
        let end = bytes.count
        bytes += Self.checksummed(body) + Self.littleEndian(UInt64(place ?? end)) + Self.magic
        return try scratch.write("a.dxa", bytes)
    }

    private func entry(
        type: String = "uint8", rows: Int, cols: Int = 1, offset: Int = 64, digests: [String] = []
    ) -> String {
        let list = digests.map { "\"\($0)\"" }.joined(separator: ",")
        return """
            {"attributes":{"a":"b"},"arrays":[{"name":"x","type":"\(type)","rows":\(rows),"cols":\(cols),"offset":\(offset),\
            "digests":[\(list)]}],"schema":1}
            """
    }

    private func digest(_ bytes: some Sequence<UInt8>) -> String { ContentHash.hex(ContentHash.of(bytes)) }

    /// 16 MiB and a little more make two digests.
    @Test(arguments: [(5, 1), (16 << 20, 1), ((16 << 20) + 1, 2)])
    func blocksHaveDigests(count: Int, blocks: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 31 >> 3) }
        let digests = stride(from: 0, to: count, by: 16 << 20).map { digest(bytes[$0..<min($0 + 16 << 20, count)]) }
        #expect(digests.count == blocks)
        let file = try ArrayFile(mapping: write(bytes, body: entry(rows: count, digests: digests)))
        try file.check(team)
        let found: Buffer<UInt8> = try file.array("x")
        #expect(found.array == bytes && file.attributes == ["a": "b"] && file.contains("x") && !file.contains("y"))
        file.letGo(["x", "y"])
        // One digest more or less is another format's.
        for wrong in [digests + ["0"], Array(digests.dropLast())] {
            #expect(throws: Failure.self) { try ArrayFile(mapping: write(bytes, body: entry(rows: count, digests: wrong))) }
        }
    }

    private func isRead(_ body: String, bytes: Int = 64, place: Int? = nil) throws -> Bool {
        do {
            _ = try ArrayFile(mapping: write([UInt8](repeating: 0, count: bytes), body: body, place: place))
            return true
        } catch let failure as Failure {
            #expect(failure.code == .damagedCheckpoint)
            return false
        }
    }

    /// What an array may say of itself in a file whose arrays end at byte 128.
    @Test func arraysLieInTheFile() throws {
        let one = [digest([UInt8](repeating: 0, count: 64))], most = 1 << 48
        #expect(try isRead(entry(rows: 64, digests: one)) && isRead(entry(rows: 16, cols: 4, digests: one)))
        #expect(try !isRead(entry(rows: 65, digests: one)) && !isRead(entry(rows: 33, cols: 2, digests: one)))
        for (type, size) in [
            ("uint8", 1), ("int8", 1), ("bfloat16", 2), ("float32", 4), ("int32", 4), ("float64", 8), ("int64", 8), ("uint64", 8),
        ] {
            #expect(try isRead(entry(type: type, rows: 64 / size, digests: one)), "\(type)")
            #expect(try !isRead(entry(type: type, rows: 64 / size + 1, digests: one)), "\(type)")
        }
        #expect(try !isRead(entry(type: "float16", rows: 1, digests: one)))
        // Extents of an array without elements.
        #expect(try isRead(entry(rows: most, cols: 0)) && isRead(entry(rows: 0, cols: most)) && isRead(entry(rows: 0, cols: 0)))
        #expect(try !isRead(entry(rows: most + 1, cols: 0)) && !isRead(entry(rows: 0, cols: most + 1)))
        #expect(try !isRead(entry(rows: -1, cols: 0)) && !isRead(entry(rows: 0, cols: -1)) && !isRead(entry(rows: -8, cols: -8)))
        #expect(try !isRead(entry(rows: most, cols: most)))
        // Where it begins.
        #expect(
            try isRead(entry(rows: 0, offset: 0)) && isRead(entry(rows: 0, offset: 128)) && !isRead(entry(rows: 0, offset: 192)))
        #expect(try !isRead(entry(rows: 0, offset: -64)) && !isRead(entry(rows: 0, offset: 32)))
        #expect(try !isRead(entry(rows: 1, offset: 128, digests: [digest([0])])))
        #expect(try !isRead(entry(rows: 64, offset: 128, digests: one)))
    }

    @Test func theDescriptionStandsWhereTheEndSays() throws {
        let body = entry(rows: 0)
        #expect(try isRead(body) && !isRead(body, place: 127) && !isRead(body, place: 129) && !isRead(body, place: 63))
        #expect(try !isRead(body, place: .max) && !isRead(body.replacing("\"schema\":1", with: "\"schema\":2")))
        #expect(try !isRead(body.replacing("\"schema\":1", with: "\"schema\":0")))
        let other = try failure {
            _ = try ArrayFile(mapping: write([], body: body.replacing("\"schema\":1", with: "\"schema\":7")))
        }
        #expect(other.found == "schema 7, not 1")
        let end = 64 + Self.checksummed(body).count
        for place in [63, end + 1, 1 << 40] {
            let failure = try failure { _ = try ArrayFile(mapping: write([], body: body, place: place)) }
            #expect(failure.found == "a description at byte \(place) of \(end)")
        }
        // At the very end there is none, which its checksum tells.
        let last = try failure { _ = try ArrayFile(mapping: write([], body: body, place: end)) }
        #expect(last.found == "description: no checksum in 0 bytes")
    }

    /// 64 bytes, an empty description, and sixteen: the shortest file that is looked at.
    @Test func theShortestFiles() throws {
        for (count, found) in [(63, "no magic"), (64, "description: no checksum")] {
            let bytes = Self.magic + [UInt8](repeating: 0, count: count - 8) + Self.littleEndian(UInt64(count)) + Self.magic
            let failure = try failure { _ = try ArrayFile(mapping: scratch.write("short", bytes)) }
            #expect(failure.found.hasPrefix(found), "\(failure.found)")
        }
    }

    /// What the program writes is that format too: magic, arrays at multiples of 64, a checksummed description, its place, magic.
    @Test func whatIsWritten() throws {
        let path = scratch.file("w.dxa")
        var writer = try ArrayFileWriter(path: path, team: team)
        writer.set("who", "me")
        try writer.write("a", Buffer<Float>([1, 2, 3, 4, 5, 6]), .float32, cols: 2)
        try writer.write("b", Buffer<UInt8>([9]), .uint8)
        try writer.write("wide", Buffer<Float>(count: 0), .float32, cols: 0)
        try writer.write("deep", Buffer<Float>(count: 0), .float32, rows: 12, cols: 0)
        try writer.write("halves", Buffer<UInt16>([0x3F80, 0x4000]), .bfloat16)
        try writer.commit()
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(bytes.prefix(8).elementsEqual(Self.magic) && bytes.suffix(8).elementsEqual(Self.magic))
        #expect(bytes[64..<68].elementsEqual([0, 0, 0x80, 0x3F]) && bytes[128] == 9)
        let place = bytes.suffix(16).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(place % 64 == 0)
        let text = String(decoding: bytes[place..<bytes.count - 16], as: UTF8.self)
        #expect(text.contains("\"schema\" : 1") && text.contains("\"who\" : \"me\""))
        let file = try ArrayFile(mapping: path)
        #expect(file.count == bytes.count && file.names == ["a", "b", "wide", "deep", "halves"])
        #expect(try #require(file.extent("a")) == (3, 2) && #require(file.extent("b")) == (1, 1))
        #expect(try #require(file.extent("wide")) == (0, 0) && #require(file.extent("deep")) == (12, 0))
        #expect(try #require(file.extent("halves")) == (2, 1) && file.type("halves") == .bfloat16 && file.type("c") == nil)
        #expect(file.extent("c") == nil)
        let wrong = try failure { _ = try file.array("a", as: UInt8.self) }
        #expect(wrong.found == "array 'a' of float32" && wrong.expected == "a of 1 bytes an element")
    }

    @Test func sizesOfElements() {
        let all: [(H5Scalar, ArrayType, Int)] = [
            (.float32, .float32, 4), (.float64, .float64, 8), (.int32, .int32, 4), (.int64, .int64, 8), (.uint8, .uint8, 1),
            (.uint64, .uint64, 8),
        ]
        for (scalar, type, size) in all { #expect(ArrayType(scalar) == type && type.size == size && scalar.size == size) }
        #expect(ArrayType.bfloat16.size == 2 && ArrayType.int8.size == 1)
    }
}
