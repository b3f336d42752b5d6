import Formats
import Foundation
import Support
import TestSupport
import Testing

/// The failure that `body` throws, or nil.
private func failure(_ body: () throws -> Void) -> Failure? {
    do { try body() } catch { return error as? Failure }
    return nil
}

/// Files that people give in place of the right one are called by their name, with what to do.
@Suite struct ForeignKindTests {
    private static func wide(_ text: String, _ encoding: String.Encoding) -> [UInt8] {
        Array(text.data(using: encoding) ?? Data())
    }

    static let kinds: [(bytes: [UInt8], name: String, advice: String, isBinary: Bool)] = [
        (wide("a\tb", .utf16), "UTF-16 text", "iconv", true), (wide("a\tb", .utf16LittleEndian), "UTF-16 text", "utf-16le", true),
        (wide("a\tb", .utf16BigEndian), "UTF-16 text", "utf-16be", true), (wide("a\tb", .utf32), "UTF-32 text", "iconv", true),
        ([0x1F, 0x8B, 8], "a gzip file", "gunzip", true), (Array("BZh91AY".utf8), "a bzip2 file", "bunzip2", true),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "an xz file", "xz", true), ([0x28, 0xB5, 0x2F, 0xFD], "a zstd file", "zstd", true),
        (Array("PAR1".utf8), "a Parquet file", "JSON lines", true), (Array("%PDF-1.4".utf8), "a PDF document", "pdftotext", true),
        (Array("<!DOCTYPE html><html>".utf8), "an HTML page", "fetch it again", false),
        (
            Array("version https://git-lfs.github.com/spec/v1\n".utf8), "a pointer of Git LFS, not the file itself", "lfs pull",
            false
        ),
        (Array("%%MatrixMarket matrix coordinate\n".utf8), "a Matrix Market file", "mmread", false),
        (
            Array("cnumpy.core.multiarray\n_reconstruct\np0\n".utf8), "a pickle of protocol 0 or 1, Python 2's own", "protocol=2",
            false
        ),
        (Array("ccopy_reg\n_reconstructor\n(c".utf8), "a pickle of protocol 0 or 1, Python 2's own", "protocol=2", false),
        (Array("(dp0\nS'a'\n".utf8), "a pickle of protocol 0 or 1, Python 2's own", "protocol=2", false),
    ]

    @Test(arguments: kinds.indices) func known(_ index: Int) throws {
        let wanted = Self.kinds[index], kind = try #require(ForeignKind(wanted.bytes), "\(wanted.name)")
        #expect(kind.name == wanted.name && kind.advice.contains(wanted.advice) && kind.isBinary == wanted.isBinary)
    }

    @Test(
        "texts of ours are no foreign kind",
        arguments: [
            "", "a", "2 5\n0:1\n", "cat\tsome text\nx", "clothes\nshoes\nhats\n", "{\"text\": \"a\"}", "[1]", "(sic) text\tx",
            "the 0.5 1\n",
            "\u{FEFF}a\tb\n", "é\tü",
        ])
    func own(_ text: String) { #expect(ForeignKind(text.utf8) == nil) }

    @Test("every reader of text says what it was given")
    func readers() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("wide.txt", Self.wide("2 5\n0:1\n1:1\n", .utf16))
        let failures = [
            failure { _ = try MatrixFile.read(path: path, kind: .features, threads: 1) },
            failure { _ = try NameFile.read(path: path) }, failure { _ = try PredictionText.read(path: path) },
            failure { _ = try JSONValue.read(path) },
            failure { try TextLines(path: path, expected: "text").forEach { _, _ in } },
        ]
        for failure in failures {
            #expect(
                failure?.found == "UTF-16 text" && failure?.advice.contains("iconv") == true, "\(String(describing: failure))")
        }
    }

    @Test("a row in place of the header gets the advice for its form")
    func rows() throws {
        let folder = try TemporaryFolder()
        func advice(_ text: String) throws -> String {
            let path = try folder.write("x.txt", text)
            return failure { _ = try MatrixFile.format(path: path) }?.advice ?? ""
        }
        #expect(try advice("0:1 2:3\n").contains("`rows cols`"))
        for row in ["1,5 0:1.0 2:3\n", "2 1:1\n", "1.0 3:4\n"] {
            #expect(try advice(row).contains("rows features labels"), "\(row)")
        }
        #expect(try advice("# made by a program\n1 2:3\n").contains("begin with #"))
        #expect(try advice("cnumpy.core.multiarray\n_reconstruct\np0\n").contains("protocol=2"))
    }

    @Test(
        "one JSON document is no file of lines",
        arguments: [
            ("[", true), ("  [ {\"text\": 1},", true), ("[{\"text\": \"a\"}]", true), ("[\"a\", \"b\"]", true), ("{", true),
            (" { ", true),
            ("{}", false), ("{\"text\": \"a\"}", false), ("[1]", false), ("[2020, 2021]", false), ("[sic] he wrote", false),
            ("", false),
            ("text", false),
        ])
    func wholeJSON(_ line: String, isRefused: Bool) {
        let failure = failure { try WholeJSON.refuse(firstLine: line, at: "a:1", expected: "lines") }
        #expect((failure?.advice.contains("jq -c") ?? false) == isRefused)
    }

    @Test func predictionsInAnArray() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("p.jsonl", "[{\"document\": 0, \"labels\": []}]\n")
        #expect(PredictionFormat.told(by: Array("[{".utf8)) == .jsonl)
        #expect(failure { _ = try PredictionLines.read(path: path) }?.advice.contains("jq -c '.[]'") == true)
    }

    @Test func linesOfNames() throws {
        let folder = try TemporaryFolder()
        for (text, count) in [("", 0), ("a", 1), ("a\nb\n", 2), ("a\r\n\r\n\n", 1), ("\nb\n", 2)] {
            #expect(try NameFile.lineCount(path: folder.write("n.txt", text)) == count, "\(text.debugDescription)")
        }
    }
}
