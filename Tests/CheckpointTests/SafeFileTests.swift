import Checkpoint
import Foundation
import TestSupport
import Testing

@Suite struct SafeFileTests {
    @Test func writesAndReplacesAndLeavesNothingElse() throws {
        let scratch = try TemporaryFolder()
        let path = scratch.file("deep/er/file.json")
        for text in ["first, and longer", "second"] {
            try SafeFile.write(path, Data(text.utf8))
            #expect(FileManager.default.contents(atPath: path) == Data(text.utf8))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("deep/er")) == ["file.json"])
    }

    @Test func whatWasThereStaysWhereWritingFails() throws {
        struct Stop: Error {}
        let scratch = try TemporaryFolder()
        try SafeFile.write(scratch.file("a"), Data("old".utf8))
        #expect(throws: Stop.self) {
            try SafeFile.replace(scratch.file("a")) { temporary in
                try Data("half of the n".utf8).write(to: URL(fileURLWithPath: temporary))
                throw Stop()
            }
        }
        #expect(FileManager.default.contents(atPath: scratch.file("a")) == Data("old".utf8))
        #expect(scratch.names == ["a"])
    }

    @Test func aFileWhereAFolderShouldBe() throws {
        let scratch = try TemporaryFolder()
        try SafeFile.write(scratch.file("file"), Data())
        let found = try failure { try SafeFile.write(scratch.file("file/below/a"), Data()) }
        #expect(found.code == .usage && found.place.hasPrefix(scratch.file("file")) && found.found == "Not a directory")
    }

    /// Root may write everywhere but here.
    @Test func aFolderThatNobodyMayWriteTo() throws {
        let found = try failure { try SafeFile.write("/proc/self/deepxml", Data()) }
        #expect(found.code == .usage && found.place == "/proc/self/deepxml")
        let below = try failure { try SafeFile.write("/sys/deepxml/file", Data()) }
        #expect(below.code == .usage && below.place == "/sys/deepxml" && !below.advice.isEmpty)
    }

    @Test func crc32IsThatOfZip() throws {
        var checksum = CRC32()
        for piece in ["1234", "", "56789"] { Array(piece.utf8).withUnsafeBytes { checksum.update($0) } }
        #expect(checksum.hex == "cbf43926")  // The check value of CRC-32/ISO-HDLC in the RevEng catalogue.
        let scratch = try TemporaryFolder()
        try SafeFile.write(scratch.file("a"), Data("123456789".utf8))
        #expect(try CRC32.ofFile(scratch.file("a")) == ("cbf43926", 9))
    }
}
