import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

@Suite struct ArrayFileTests {
    private static func write(_ path: String, _ team: ThreadTeam) throws {
        var writer = try ArrayFileWriter(path: path, team: team)
        writer.set("origin", "a test")
        try writer.write("numbers", Buffer((0..<999).map { Float($0) / 7 }), .float32, cols: 3)
        try writer.write("empty", Buffer<Int64>(count: 0), .int64)
        try writer.write("bytes", Buffer((0..<17 << 20).map { UInt8(truncatingIfNeeded: $0 * 7 >> 5) }), .uint8)
        try writer.commit()
    }

    @Test("What was written is mapped, and checked")
    func roundTrip() throws {
        let folder = try TemporaryFolder(), path = "\(folder.path)/a.dxa", team = ThreadTeam(size: 2)
        defer { team.stop() }
        try Self.write(path, team)
        let file = try ArrayFile(mapping: path)
        try file.check(team)
        #expect(file.names == ["numbers", "empty", "bytes"] && file.attributes == ["origin": "a test"])
        let numbers: Buffer<Float> = try file.array("numbers")
        #expect(numbers.array == (0..<999).map { Float($0) / 7 } && Int(bitPattern: numbers.pointer) % 64 == 0)
        #expect(try #require(file.extent("numbers")) == (333, 3) && file.type("bytes") == .uint8)
        #expect(throws: Failure.self) { _ = try file.array("numbers", as: Int64.self) }
        #expect(throws: Failure.self) { _ = try file.array("nothing", as: Float.self) }
    }

    @Test("A bit anywhere that is not as it was written is found", arguments: [3, 70, 4_000, 16 << 20, -200, -20, -12, -1])
    func damage(place: Int) throws {
        let folder = try TemporaryFolder(), path = "\(folder.path)/a.dxa", team = ThreadTeam(size: 1)
        try Self.write(path, team)
        var content = try Data(contentsOf: URL(fileURLWithPath: path))
        content[place < 0 ? content.count + place : place] ^= 4
        try content.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: Failure.self) { try ArrayFile(mapping: path).check(team) }
        #expect(error?.code == .damagedCheckpoint)
    }

    @Test("A file cut short is refused", arguments: [0, 1, 63, 64, 100, 5_000])
    func cut(length: Int) throws {
        let folder = try TemporaryFolder(), path = "\(folder.path)/a.dxa"
        try Self.write(path, ThreadTeam(size: 1))
        try Data(contentsOf: URL(fileURLWithPath: path)).prefix(length).write(to: URL(fileURLWithPath: path))
        #expect(throws: Failure.self) { try ArrayFile(mapping: path) }
    }
}
