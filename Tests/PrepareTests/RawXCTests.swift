import Foundation
import Prepare
import TestSupport
import Testing

@Suite struct RawXCTests {
    static let lines = [
        #"{"uid": "1", "title": "Red", "content": "a lamp", "target_ind": [2, 0, 2], "target_rel": [1.0, 1.0, 1.0]}"#,
        #"{"uid": "2", "title": "Grün", "content": "", "target_ind": []}"#, #"{"title": "Blue", "target_ind": [10]}"#,
    ]

    @Test(arguments: [false, true])
    func readsPlainAndCompressed(compressed: Bool) throws {
        let scratch = try TemporaryFolder()
        let text = Self.lines.joined(separator: "\n") + "\n\r\n\n"
        let path = try scratch.write("any.name", compressed ? try gzip(Data(text.utf8), scratch) : Data(text.utf8))
        let content = try DocumentReader().content(of: path)
        #expect(content.isRawXC && content.labelCount == 11)
        #expect(
            content.documents == [
                Document(labels: ["2", "0"], text: "Red a lamp", title: "Red"),
                Document(labels: [], text: "Grün", title: "Grün"), Document(labels: ["10"], text: "Blue", title: "Blue"),
            ])
    }

    @Test func theFieldsAreChosen() throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.write("a", Self.lines.joined(separator: "\n"))
        var reader = DocumentReader()
        reader.fields = .title
        #expect(try reader.content(of: path).documents.map(\.text) == ["Red", "Grün", "Blue"])
        reader.fields = .content
        let failure = failure { _ = try reader.content(of: path) }
        #expect(failure?.place == "\(path):3" && failure?.problem.contains("no content") == true)
    }

    @Test func labelsGetTheirNames() throws {
        let scratch = try TemporaryFolder()
        let titles = ["a|b", "x", "x", "", "x (2)"]
        let json = titles.map { #"{"uid": "u", "title": "\#($0)", "content": ""}"# }.joined(separator: "\n")
        let expected = ["a b", "x", "x (2)", "3", "x (2) (4)"]
        let compressed = try scratch.write("lbl", try gzip(Data(json.utf8), scratch))
        #expect(try LabelNames(file: compressed).names == expected)
        #expect(try LabelNames(file: try scratch.write("Y.txt", titles.joined(separator: "\r\n"))).names == expected)
        #expect(failure { _ = try LabelNames(file: try scratch.write("e", "")) }?.problem.contains("no label") == true)
        let bad = try scratch.write("bad", json + "\n{\"name\": 1}\n")
        #expect(failure { _ = try LabelNames(file: bad) }?.place == "\(bad):6")
    }

    @Test func aLabelBeyondTheNamesIsRefused() throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.write("a", Self.lines.joined(separator: "\n"))
        var reader = DocumentReader()
        reader.labelNames = try LabelNames(file: try scratch.write("Y.txt", "a\nb\nc\n"))
        let failure = failure { _ = try reader.content(of: path) }
        #expect(failure?.place == "\(path):3" && failure?.found == "10" && failure?.expected == "0…2")
    }

    @Test(arguments: [
        (#"{"title": "a", "target_ind": [-1]}"#, "-1"), (#"{"title": "a", "target_ind": "1"}"#, "another type"),
        (#"{"title": "a"}"#, "\"target_ind\" is missing"), (#"{"title": "a", "target_ind": [1"#, "does not parse"),
        ("x\ttext", "does not parse"), (#"{"title": "a", "target_ind": [99999999999]}"#, "99999999999"),
    ])
    func refusesBadLines(line: String, found: String) throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.write("a.json", Self.lines[0] + "\n\(line)\n")
        let failure = failure { _ = try DocumentReader.read(path) }
        #expect(failure?.place == "\(path):2")
        #expect(failure?.found.contains(found) == true, "\(String(describing: failure))")
    }

    /// Labels keep the order of their numbers: 10 comes after 2; and all of them where asked.
    @Test func columnsFollowTheNumbers() throws {
        let scratch = try TemporaryFolder()
        let documents = [["10", "2"], ["2", "10"], ["0"]].map { Document(labels: $0, text: "a b") }
        var preparation = Preparation(dataFolder: scratch.path, name: "Kept")
        preparation.embeddings = nil
        preparation.labelOrder = LabelNames(numbersBelow: 12)
        try preparation.run(train: documents, test: documents)
        #expect(try scratch.lines("Kept/labels.txt") == ["2", "10"])
        preparation.name = "All"
        preparation.keepsAllLabels = true
        try preparation.run(train: documents, test: documents)
        #expect(try scratch.lines("All/labels.txt") == (0..<12).map(String.init))
        #expect(try scratch.lines("All/trn_X_Y.txt") == ["3 12", "2:1 10:1", "2:1 10:1", "0:1"])
    }
}

@Suite struct GzipTests {
    /// Cut anywhere, a compressed file must be refused, though zlib gives out what it has.
    @Test func aTruncatedStreamIsRefused() throws {
        let scratch = try TemporaryFolder()
        let whole = try gzip(Data((0..<5000).map { "label\($0 % 7)\ttext \($0 * 7919 % 5000)\n" }.joined().utf8), scratch)
        #expect(try DocumentReader.read(try scratch.write("whole", whole)).count == 5000)
        for count in [2, 5, 11, whole.count / 2, whole.count - 9, whole.count - 8, whole.count - 1] {
            let path = try scratch.write("cut", whole.prefix(count))
            let failure = failure { _ = try DocumentReader.read(path) }
            #expect(failure?.problem == "the file is cut off", "\(count): \(String(describing: failure))")
            #expect(failure?.place == path)
        }
    }

    @Test func aDamagedStreamIsRefused() throws {
        let scratch = try TemporaryFolder()
        let whole = try gzip(Data((0..<5000).map { "x\ttext \($0 * 7919 % 5000)\n" }.joined().utf8), scratch)
        for place in [whole.count / 2, whole.count - 6] {
            var bytes = whole
            bytes[place] ^= 0x55
            let path = try scratch.write("bad", bytes)
            #expect(failure { _ = try DocumentReader.read(path) }?.code == .usage, "\(place)")
        }
    }

    /// Lines longer than the unpacking buffer, blank lines within the file, several streams one after another.
    @Test func linesAreCutAsInPlainFiles() throws {
        let scratch = try TemporaryFolder()
        let long = String(repeating: "word ", count: 120_000) + "end"
        let first = try gzip(Data("\u{FEFF}x\t\(long)\r\ny\tté".utf8), scratch)
        let path = try scratch.write("two", first + (try gzip(Data("xt\nz\t\(long)\n \r\n\n".utf8), scratch)))
        #expect(
            try DocumentReader.read(path) == [
                Document(labels: ["x"], text: long), Document(labels: ["y"], text: "téxt"), Document(labels: ["z"], text: long),
            ])
        let gap = try scratch.write("gap", try gzip(Data("x\ta\n\nx\tb\n".utf8), scratch))
        #expect(failure { _ = try DocumentReader.read(gap) }?.place == "\(gap):2")
    }
}

/// Compressed by the gzip program, so that no code of ours is on both sides.
private func gzip(_ bytes: Data, _ scratch: TemporaryFolder) throws -> Data {
    let path = try scratch.write("to-compress", bytes)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-n", "-f", path]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try Data(contentsOf: URL(fileURLWithPath: path + ".gz"))
}
