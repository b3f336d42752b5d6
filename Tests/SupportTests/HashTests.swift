import Support
import TestSupport
import Testing

@Suite struct ContentHashTests {
    @Test("published vectors of XXH64") func text() {
        func hash(_ text: String) -> String { ContentHash.hex(ContentHash.of(Array(text.utf8))) }
        #expect(hash("") == "ef46db3751d8e999")
        #expect(hash("a") == "d24ec4f1a98c6e5b")
        #expect(hash("abc") == "44bc2cf5ad770999")
        #expect(hash("Nobody inspects the spammish repetition") == "fbcea83c8a378bf1")
    }

    @Test("xxHash's own sanity buffer, with and without a seed") func sanityBuffer() {
        var generator: UInt64 = 2_654_435_761
        let bytes = (0..<222).map { _ in
            defer { generator &*= 11_400_714_785_074_694_797 }
            return UInt8(generator >> 56)
        }
        let expected: [(Int, UInt64, UInt64)] = [
            (0, 0xEF46_DB37_51D8_E999, 0xAC75_FDA2_929B_17EF), (1, 0xE934_A84A_DB05_2768, 0x5014_6076_43A9_B4C3),
            (14, 0x8282_DCC4_994E_35C8, 0xC3BD_6BF6_3DEB_6DF0), (222, 0xB641_AE8C_B691_C174, 0x20CB_8AB7_AE10_C14A),
        ]
        for (length, plain, seeded) in expected {
            #expect(ContentHash.of(bytes[..<length]) == plain)
            #expect(ContentHash.of(bytes[..<length], seed: 2_654_435_761) == seeded)
        }
    }

    @Test func ofFile() throws {
        let folder = try TemporaryFolder()
        #expect(try ContentHash.ofFile(folder.write("a", "abc")) == "44bc2cf5ad770999")
        #expect(try ContentHash.ofFile(folder.write("empty", "")) == "ef46db3751d8e999")
        #expect(throws: Failure.self) { try ContentHash.ofFile(folder.file("none")) }
    }
}

@Suite struct ChecksumTests {
    /// The check value of CRC-32/ISO-HDLC in the RevEng catalogue.
    @Test func crc32IsThatOfZip() throws {
        var checksum = CRC32()
        for piece in ["1234", "", "56789"] { Array(piece.utf8).withUnsafeBytes { checksum.update($0) } }
        #expect(checksum.hex == "cbf43926")
        let scratch = try TemporaryFolder()
        #expect(try CRC32.ofFile(scratch.write("a", "123456789")) == ("cbf43926", 9))
    }

    /// The vectors of draft-eastlake-fnv, appendix C; and of 32 bits, where no byte has its sign bit set.
    @Test func fnv1a() {
        #expect(FNV1a.hash64("".utf8) == 0xCBF2_9CE4_8422_2325)
        #expect(FNV1a.hash64("a".utf8) == 0xAF63_DC4C_8601_EC8C)
        #expect(FNV1a.hash64("foobar".utf8) == 0x8594_4171_F739_67E8)
        var hash = FNV1a.FastText()
        for byte in "foobar".utf8 { hash.add(byte) }
        #expect(hash.value == 0xBF9C_F968)
        #expect(hexDigits(UInt32(0xAB)) == "000000ab" && hexDigits(UInt64.max) == "ffffffffffffffff")
    }
}
