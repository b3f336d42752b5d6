import Formats
import Foundation
import Support
import TestSupport
import Testing

@Suite struct PredictionTests {
    let folder: TemporaryFolder
    let scores = CSRMatrix(
        cols: 7, rows: [[(0, 0.1), (3, -2.5), (6, 0)], [], [(2, 1e-30), (4, 3.4028235e38), (5, 0.333333343)], []])

    init() throws { folder = try TemporaryFolder() }

    private func same(_ a: CSRMatrix, _ b: CSRMatrix) -> Bool {
        a.rows == b.rows && a.starts.array == b.starts.array && a.indices.array == b.indices.array
            && a.values?.array == b.values?.array
    }

    @Test func textComesBack() throws {
        try PredictionText.write(scores, to: folder.file("s.txt"))
        let text = try String(contentsOfFile: folder.file("s.txt"), encoding: .utf8)
        #expect(text.hasPrefix("4 7\n0:0.1 3:-2.5 6:0.0\n\n2:1e-30 "))
        let back = try PredictionText.read(path: folder.file("s.txt"))
        #expect(same(back, scores) && back.cols == 7)
        #expect(folder.names == ["s.txt"])
    }

    @Test func othersText() throws {
        // Best first and without a header, as napkinXC writes; carriage returns; no last newline.
        let expected = CSRMatrix(cols: 5, rows: [[(1, 0.5), (4, 0.75)], [], [(0, -1)]])
        for text in ["4:0.75 1:0.5\n\n0:-1", "4:0.75\t1:0.5 \r\n\r\n0:-1\r\n", "3 9\n4:.75 1:5e-1\n\n0:-1\n"] {
            #expect(same(try PredictionText.read(path: folder.write("t", text)), expected), "\(text)")
        }
        #expect(try PredictionText.read(path: folder.write("t", "3 9\n\n\n\n")).cols == 9)
    }

    @Test func linesComeBack() throws {
        let names = ["a \"b\"\\", "ü", "", "line\nbreak", "/", "\u{1}"]
        try PredictionLines.write(scores, names: names, to: folder.file("s.jsonl"))
        let lines = try String(contentsOfFile: folder.file("s.jsonl"), encoding: .utf8).split(separator: "\n")
        #expect(lines[1] == #"{"document":1,"labels":[]}"#)
        #expect(lines[0].contains(#"{"id":0,"name":"a \"b\"\\","score":0.1},{"id":6,"score":0.0},{"id":3,"#))
        // Foundation agrees that this is JSON, and on the names.
        let object = try JSONSerialization.jsonObject(with: Data(lines[2].utf8)) as? [String: Any]
        let labels = try #require(object?["labels"] as? [[String: Any]])
        #expect(labels.map { $0["id"] as? Int } == [4, 5, 2] && labels[1]["name"] as? String == "\u{1}")
        #expect(same(try PredictionLines.read(path: folder.file("s.jsonl")), scores))
    }

    @Test func othersLines() throws {
        let text = #"""
             { "model" : {"a":[1,{"b":null}], "c":"}\"]"}, "labels" : [ {"score":2.5e-1 , "id":3 , "name":"x\"}"} ], "document" : 2 }

            {"document":0,"labels":[{"id":1,"score":-1,"extra":[true,false]},{"id":0,"score":7}]}
            """#
        let expected = CSRMatrix(cols: 4, rows: [[(0, 7), (1, -1)], [], [(3, 0.25)]])
        #expect(same(try PredictionLines.read(path: folder.write("l", text)), expected))
        #expect(try PredictionLines.read(path: folder.write("l", text), documents: 5).rows == 5)
        #expect(throws: Failure.self) { try PredictionLines.read(path: folder.write("l", text), documents: 2) }
    }

    @Test("told by content") func formats() throws {
        func told(_ text: String) -> PredictionFormat { .told(by: Array(text.utf8)) }
        #expect(told("PK\u{3}\u{4}") == .npz && told(" \n{\"document\"") == .jsonl && told("3 4\n") == .text && told("") == .text)
        #expect(PredictionFormat.told(by: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) == .h5)
        #expect(try PredictionFormat.list("npz,jsonl,npz", flag: "-p") == [.npz, .jsonl])
        #expect(try PredictionFormat.list("none", flag: "-p").isEmpty)
        for bad in ["", "npz,", "nzp", "npz,none"] {
            let failure = try #require(throws: Failure.self) { try PredictionFormat.list(bad, flag: "--predictions") }
            #expect(failure.place == "--predictions")
        }
    }

    @Test func scipysArrays() throws {
        func matrix(_ shape: [Int64], _ starts: [Int64], _ columns: [Int64], _ values: [Float]) throws -> CSRMatrix {
            try ScipyArrays.matrix(
                shape: Buffer(shape), starts: Buffer(starts), columns: Buffer(columns), values: Buffer(values), path: "f")
        }
        let sorted = try matrix([3, 9], [0, 2, 2, 3], [8, 1, 0], [0.5, 2, -1])
        #expect(same(sorted, CSRMatrix(cols: 9, rows: [[(1, 2), (8, 0.5)], [], [(0, -1)]])) && sorted.cols == 9)
        #expect(try matrix([0, 4], [0], [], []).rows == 0)
        let bad: [(shape: [Int64], starts: [Int64], columns: [Int64], values: [Float])] = [
            ([2], [0, 1, 1], [0], [1]), ([], [], [], []), ([2, 3], [], [], []), ([-1, 3], [], [], []),
            ([2, -1], [0, 0, 0], [], []),
            ([2, 1 << 40], [0, 0, 0], [], []), ([3, 3], [0, 1, 1], [0], [1]), ([2, 3], [0, 1, 1], [0], [1, 2]),
            ([2, 3], [1, 1, 1], [0], [1]), ([2, 3], [0, 1, 2], [0], [1]), ([2, 3], [0, 2, 1], [0], [1]),
            ([2, 3], [0, -1, 1], [0], [1]), ([3, 3], [0, 5, 1, 1], [0], [1]), ([1, 3], [0, 1], [3], [1]),
            ([1, 3], [0, 1], [-1], [1]), ([1, 3], [0, 1], [0], [.nan]), ([1, 3], [0, 2], [1, 1], [1, 2]),
        ]
        for (i, m) in bad.enumerated() {
            #expect(throws: Failure.self, "\(i)") { try matrix(m.shape, m.starts, m.columns, m.values) }
        }
    }

    static let badText = [
        ("", "", ""), ("2 4\n0:1\n", ":1", "1 rows after the header"), ("1 4\n0:1\n\n", ":1", "2 rows after the header"),
        ("0:1 x\n", ":1:5", "`x`"), ("0:1\n2 :3\n", ":2:1", "`2`"), ("0:1\n:3\n", ":2:1", "`:3`"),
        ("0:1 -2:3\n", ":1:5", "`-2:3`"),
        ("0:nan\n", ":1:1", "`0:nan`"), ("0:inf\n", ":1:1", "`0:inf`"), ("0:1e39\n", ":1:1", "`0:1e39`"),
        ("0:\n", ":1:1", "`0:`"),
        ("0:--1\n", ":1:1", "`0:--1`"), ("1 4\n4:1\n", ":2:1", "`4:1`"), ("9999999999:1\n", ":1:1", "`9999999999:1`"),
        ("99999999999999999999:1\n", ":1:1", "`99999999999999999999:1`"), ("3:1 2:1 3:2\n", ":1", "label 3"),
        ("1 9999999999\n0:1\n", ":1", "9999999999"), ("99999999999999999999 1\n0:1\n", ":1", "1 rows after the header"),
    ]

    @Test(arguments: badText) func refusedText(_ text: String, _ place: String, _ found: String) throws {
        let path = try folder.write("bad", text)
        let failure = try #require(throws: Failure.self) { try PredictionText.read(path: path) }
        #expect(failure.code == .usage && failure.place == path + place && failure.found == found, "\(failure)")
    }

    static let badLines = [
        (#"[1]"#, ":1:1"), (#"{"document":0}"#, ":1:"), (#"{"labels":[]}"#, ":1:"), (#"{"document":-1,"labels":[]}"#, ":1:13"),
        (#"{"document":0.5,"labels":[]}"#, ":1:13"), (#"{"document":0,"labels":[{"id":1}]}"#, ":1:"),
        (#"{"document":0,"labels":[{"score":1}]}"#, ":1:"), (#"{"document":0,"labels":[{"id":1,"score":nan}]}"#, ":1:41"),
        (#"{"document":0,"labels":[{"id":1,"score":"1"}]}"#, ":1:41"), (#"{"document":0,"labels":[{"id":1,"score":1}"#, ":1:43"),
        (#"{"document":0,"labels":[{"id":1,"score":1},]}"#, ":1:"), (#"{"document":0,"labels":[]} x"#, ":1:28"),
        (#"{"document":0,"labels":[],"labels":[]}"#, ":1:27"), (#"{"document":0,"labels":[],"document":1}"#, ":1:27"),
        (#"{"document":0,"labels":[{"id":1,"score":1,"id":2}]}"#, ":1:43"),
        (#"{"document":0,"labels":[{"score":1,"id":2,"score":2}]}"#, ":1:43"),
        (#"{"document":0,"labels":[]}"# + "\n" + #"{"document":0,"labels":[]}"#, ":2"),
        (#"{"document":0,"labels":[{"id":1,"score":1},{"id":1,"score":2}]}"#, ":1"), (#"{"document":0,"labels":[],"a"}"#, ":1:"),
        (#"{"document":0,"labels":[],"a":"x}"#, ":1:"), (#"{"document":0,"labels":[],"a":"\"#, ":1:"),
        (#"{"document":99999999999,"labels":[]}"#, ":1"), (#"{"document":0,"labels":[{"id":99999999999,"score":1}]}"#, ":1:"),
        (#"{"document":0,"labels":[],"a":"# + String(repeating: "[", count: 100_000), ":1:"),
        (#"{"document":0,"labels":[],"a":"# + String(repeating: #"{"a":"#, count: 100_000), ":1:"),
    ]

    @Test(arguments: badLines) func refusedLines(_ text: String, _ place: String) throws {
        let path = try folder.write("bad", text)
        let failure = try #require(throws: Failure.self) { try PredictionLines.read(path: path) }
        #expect(failure.code == .usage && failure.place.hasPrefix(path + place), "\(failure)")
    }

    /// Changed, dropped and added bytes: an error or a matrix, never a crash.
    @Test func fuzz() throws {
        try PredictionText.write(scores, to: folder.file("s.txt"))
        try PredictionLines.write(scores, names: ["a", "b\"c"], to: folder.file("s.jsonl"))
        let bytes = Array(#"{}[]":,. -+0123456789eE\ntrue"#.utf8) + [0, 10, 13, 0xC3, 0xFF]
        var generator = XCTextFuzzTests.SeededGenerator(state: 4)
        for name in ["s.txt", "s.jsonl"] {
            let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file(name))))
            for _ in 0..<1500 {
                var changed = whole
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let at = Int.random(in: 0..<changed.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: changed[at] = bytes.randomElement(using: &generator) ?? 0
                    case 1: changed.remove(at: at)
                    default: changed.insert(bytes.randomElement(using: &generator) ?? 0, at: at)
                    }
                }
                let path = try folder.write("f", changed)
                for read in [{ try PredictionText.read(path: path) }, { try PredictionLines.read(path: path) }] {
                    do {
                        let matrix = try read()
                        #expect(matrix.nonZeros <= changed.count && matrix.rows <= 1 << 20 + 64 * changed.count)
                    } catch is Failure {}
                }
            }
        }
    }
}
