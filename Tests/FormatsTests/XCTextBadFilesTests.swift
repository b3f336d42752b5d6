import Formats
import Support
import TestSupport
import Testing

/// A text that must be refused, and what the refusal must say.
struct BadText: Sendable, CustomTestStringConvertible {
    var text: String
    /// What follows the file's name: `:line` or `:line:column`.
    var place: String
    var problem: String
    var found: String
    var kind = MatrixFile.Kind.features

    var testDescription: String { "\(problem): \(text.prefix(40).debugDescription)" }
}

@Suite struct XCTextBadFilesTests {
    static let corpus: [BadText] = [
        BadText(text: "", place: "", problem: "the file is empty", found: ""),
        BadText(text: "\n0:1\n", place: ":1", problem: "no header", found: "an empty line"),
        BadText(text: "0:1 2:3\n1:1\n", place: ":1", problem: "no header", found: "`0:1 2:3`"),
        BadText(text: "7\n", place: ":1", problem: "no header", found: "`7`"),
        BadText(text: "-1 2\n0:1\n", place: ":1", problem: "no header", found: "`-1 2`"),
        BadText(text: "1 2.0\n0:1\n", place: ":1", problem: "no header", found: "`1 2.0`"),
        BadText(text: "\u{1F}ab\n", place: ":1", problem: "no header", found: "`\\x1fab`"),
        BadText(text: "99999999999999999999 2\n0:1\n", place: ":1", problem: "no header", found: "`99999999999999999999 2`"),
        BadText(text: "1 3000000000\n0:1\n", place: ":1", problem: "more columns", found: "3000000000 columns"),
        BadText(text: "3 5\n0:1\n1:1\n", place: ":1", problem: "number of rows", found: "2 rows"),
        BadText(
            text: "999999999999999999 5\n0:1\n1:1\n", place: ":1", problem: "more rows", found: "999999999999999999 rows"),
        BadText(text: "2147483648 5\n", place: ":1", problem: "more rows", found: "2147483648 rows"),
        BadText(text: "2147483647 5\n", place: ":1", problem: "number of rows", found: "0 rows"),
        BadText(text: "2 5\n0:1\n1:1\n\n", place: ":1", problem: "number of rows", found: "3 rows"),
        BadText(text: "1 5\n", place: ":1", problem: "number of rows", found: "0 rows"),
        BadText(text: "2 5\n0:1\n1:1 5:2\n", place: ":3:5", problem: "index out of range", found: "`5`"),
        BadText(
            text: "2 5\n0:1\n99999999999999999999999:1\n", place: ":3:1", problem: "index out of range",
            found: "`99999999999999999999999`"),
        BadText(text: "1 5\n4294967297:1\n", place: ":2:1", problem: "index out of range", found: "`4294967297`"),
        BadText(text: "1 0\n0:1\n", place: ":2:1", problem: "index out of range", found: "`0`"),
        BadText(text: "2 5\n\n1:1 1:2\n", place: ":3:5", problem: "index repeated", found: "`1`"),
        BadText(text: "2 5\n0:1\n1:1 3:1 2:2", place: ":3:9", problem: "out of order", found: "`2` after a larger index"),
        BadText(text: "1 5\n1:nan\n", place: ":2:3", problem: "not finite", found: "`nan`"),
        BadText(text: "1 5\n1:-NaN\n", place: ":2:3", problem: "not finite", found: "`-NaN`"),
        BadText(text: "1 5\n1:Inf 2:1\n", place: ":2:3", problem: "not finite", found: "`Inf`"),
        BadText(text: "1 5\n1:infinity\r\n", place: ":2:3", problem: "not finite", found: "`infinity\\r`"),
        BadText(text: "1 5\n1:1e39\n", place: ":2:3", problem: "not finite", found: "`1e39`"),
        BadText(text: "1 5\n1:1e9999999999999\n", place: ":2:3", problem: "not finite", found: "`1e9999999999999`"),
        BadText(text: "1 5\n1:-1.5\n", place: ":2:3", problem: "negative", found: "`-1.5`"),
        BadText(text: "1 5\n1:1 2:-1e-30\n", place: ":2:7", problem: "negative", found: "`-1e-30`"),
        BadText(text: "1 5\n1:-1\n", place: ":2:3", problem: "negative", found: "`-1`", kind: .labels),
        BadText(text: "1 5\n1:nan\n", place: ":2:3", problem: "not finite", found: "`nan`", kind: .labels),
        BadText(text: "1 5\n1:\n", place: ":2:3", problem: "not a number", found: "``"),
        BadText(text: "1 5\n1: 2\n", place: ":2:3", problem: "not a number", found: "``"),
        BadText(text: "1 5\n1:abc\n", place: ":2:3", problem: "not a number", found: "`abc`"),
        BadText(text: "1 5\n1:0x10\n", place: ":2:3", problem: "not a number", found: "`0x10`"),
        BadText(text: "1 5\n1:1,5\n", place: ":2:3", problem: "not a number", found: "`1,5`"),
        BadText(text: "1 5\n1:1.2.3\n", place: ":2:3", problem: "not a number", found: "`1.2.3`"),
        BadText(text: "1 5\n1:1e\n", place: ":2:3", problem: "not a number", found: "`1e`"),
        BadText(text: "1 5\n1:.\n", place: ":2:3", problem: "not a number", found: "`.`"),
        BadText(text: "1 5\n1:2:3\n", place: ":2:3", problem: "not a number", found: "`2:3`"),
        BadText(text: "1 5\n1:1" + String(repeating: "0", count: 600) + "\n", place: ":2:3", problem: "too long", found: "`1000"),
        BadText(text: "1 5\n1\n", place: ":2:1", problem: "not an entry", found: "`1`"),
        BadText(text: "1 5\n1,2 3:1\n", place: ":2:1", problem: "not an entry", found: "`1,2`"),
        BadText(text: "1 5\n1:1 -2:1\n", place: ":2:5", problem: "not an entry", found: "`-2:1`"),
        BadText(text: "1 5\n:::::::\n", place: ":2:1", problem: "not an entry", found: "`:::::::`"),
        BadText(text: "1 5\n1:1\r2:1\n", place: ":2:4", problem: "not an entry", found: "`\\r2:1`"),
        BadText(text: "1 5\n1:1 \0\n", place: ":2:5", problem: "not an entry", found: "`\\x00`"),
        BadText(text: "2 5\n1:1\n1:1 x", place: ":3:5", problem: "not an entry", found: "`x`"),
        BadText(text: "3 5\n1:x\n1:-1\n9:1\n", place: ":2:3", problem: "not a number", found: "`x`"),
    ]

    @Test("refused, with the place", arguments: corpus) func refuses(_ bad: BadText) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("bad.txt", bad.text)
        for pieceBytes in [1, 1 << 20] {
            let failure = try #require(throws: Failure.self) {
                try MatrixFile.read(path: path, kind: bad.kind, threads: 2, pieceBytes: pieceBytes)
            }
            #expect(failure.code == .usage)
            #expect(failure.place == path + bad.place)
            #expect(failure.problem.contains(bad.problem))
            #expect(failure.found.hasPrefix(bad.found))
            #expect(!failure.expected.isEmpty && !failure.advice.isEmpty)
        }
    }

    @Test func saysWhatToDo() throws {
        let folder = try TemporaryFolder()
        func advice(_ text: String) throws -> String {
            let path = try folder.write("bad.txt", text)
            return try #require(throws: Failure.self) { try MatrixFile.read(path: path, kind: .features, threads: 1) }.advice
        }
        #expect(try advice("1 5\n1:1 5:2\n").contains("count from 0"))
        #expect(try advice("2 5\n0:1\n1:1\n\n").contains("empty line at the end"))
        #expect(try advice("9 5\n0:1\n1:1").contains("cut off"))
        #expect(try advice("0:1 1:2\n").contains("put a line"))
    }

    @Test func missingFile() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("features.txt", "1 1\n0:1\n")
        func failure(_ path: String) throws -> Failure {
            try #require(throws: Failure.self) { try MatrixFile.read(path: path, kind: .features, threads: 1) }
        }
        let misspelt = try failure(folder.file("featurs.txt"))
        #expect(misspelt.code == .usage && misspelt.place == folder.file("featurs.txt"))
        #expect(misspelt.problem == "file not found" && misspelt.advice == "did you mean features.txt?")
        #expect(try failure(folder.file("no/such.txt")).advice.contains("doesn't exist"))
        #expect(try failure("nosuchfile-anywhere.txt").problem == "file not found")
        #expect(try failure(folder.path).found == "a folder")
    }
}
