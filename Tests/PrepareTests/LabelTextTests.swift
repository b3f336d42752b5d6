import Formats
import Foundation
import Prepare
import Support
import TestSupport
import Testing

/// Features of the labels' texts, as `prepare --label-text` writes them and `--label-text-for` adds them.
@Suite struct LabelTextTests {
    private static let train = [
        Document(labels: ["x", "y"], text: "red green red"), Document(labels: ["x", "z"], text: "green blue"),
        Document(labels: ["y", "z"], text: "blue red"),
    ]
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func prepare(_ name: String, _ text: (@Sendable (String) -> String)?) throws {
        var preparation = Preparation(dataFolder: scratch.path, name: name)
        preparation.embeddings = nil
        preparation.labelText = text
        try preparation.run(train: Self.train, test: Self.train)
    }

    private func content(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: scratch.file(name))) }

    @Test func aRowForEachLabel() throws {
        try prepare("Own") { ["x": "blue\tgreen blue", "y": "unknown"][$0] ?? "" }
        #expect(try scratch.lines("Own/lbl_raw.txt") == ["blue green blue", "unknown", ""])
        // blue 0, green 1, red 2, all of one idf: tf 2 and 1 over √5.
        let features = try MatrixFile.read(path: scratch.file("Own/lbl_X_Xf.txt"), kind: .features, threads: 1)
        #expect(features.rows == 3 && features.cols == 3 && features.starts.array == [0, 2, 2, 2])
        let values = try #require(features.values)
        #expect(features.indices.array == [0, 1] && abs(values[0] - 0.8944272) < 1e-6 && abs(values[1] - 0.4472136) < 1e-6)
        let sequences = try MatrixFile.read(path: scratch.file("Own/lbl_X_seq.npz"), kind: .sequences, threads: 1)
        #expect(sequences.cols == 3 && sequences.starts.array == [0, 3, 3, 3] && sequences.indices.array == [0, 1, 0])
    }

    @Test func theOtherFilesStayAsTheyAre() throws {
        try prepare("With") { $0 }
        try prepare("Without", nil)
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.file("Without"))
        #expect(!names.contains { $0.hasPrefix("lbl") } && names.count > 8)
        for name in names { #expect(try content("With/\(name)") == content("Without/\(name)"), "\(name)") }
    }

    @Test func whatIsAddedIsWhatWouldHaveBeenWritten() throws {
        let texts = ["x": "blue green", "y": "red", "z": "green green"]
        try prepare("Own") { texts[$0] ?? "" }
        try prepare("Later", nil)
        let file = try scratch.write("texts.txt", "blue green\nred\ngreen green\n")
        let said = try LabelTextAddition(folder: scratch.file("Later"), texts: file).run()
        #expect(said.contains("3 texts of 3 labels"))
        for name in ["lbl_X_Xf.txt", "lbl_X_seq.npz"] {
            #expect(try content("Own/\(name)") == content("Later/\(name)"), "\(name)")
        }
        // Without a file: lbl_raw.txt, and where that is missing the labels' names.
        _ = try scratch.write("Later/lbl_raw.txt", "red\n\nblue\n")
        _ = try LabelTextAddition(folder: scratch.file("Later")).run()
        #expect(try scratch.lines("Later/lbl_X_Xf.txt") == ["3 3", "2:1.0", "", "0:1.0"])
        try FileManager.default.removeItem(atPath: scratch.file("Later/lbl_raw.txt"))
        _ = try LabelTextAddition(folder: scratch.file("Later")).run()
        #expect(try scratch.lines("Later/lbl_X_Xf.txt") == ["3 3", "", "", ""])
    }

    @Test func theLastLabelsMayHaveNoText() throws {
        try prepare("Last") { $0 == "x" ? "blue" : "" }
        let written = try content("Last/lbl_X_Xf.txt")
        try FileManager.default.removeItem(atPath: scratch.file("Last/lbl_X_Xf.txt"))
        _ = try LabelTextAddition(folder: scratch.file("Last")).run()
        #expect(try content("Last/lbl_X_Xf.txt") == written)
    }

    @Test func textsOfOtherLabelsAreRefused() throws {
        try prepare("Own", nil)
        let file = try scratch.write("texts.txt", "blue green\nred\n")
        let lines = failure { _ = try LabelTextAddition(folder: scratch.file("Own"), texts: file).run() }
        #expect(lines?.found == "2 lines" && lines?.place == file)
        try FileManager.default.removeItem(atPath: scratch.file("Own/tokenizer.json"))
        #expect(
            failure { _ = try LabelTextAddition(folder: scratch.file("Own")).run() }?.problem == "the data set has no tokenizer")
    }

    @Test func filesOfTexts() throws {
        let tsv = try scratch.write("own.tsv", "x\tblue green\nz\tred\twith a tab\n")
        let own = try LabelTextAddition.texts(from: tsv, names: nil, false)
        #expect(own("x") == "blue green" && own("y").isEmpty && own("z") == "red\twith a tab")
        #expect(try LabelTextAddition.texts(from: nil, names: nil, false)("x y") == "x y")
        let spaced = try LabelTextAddition.texts(from: scratch.write("spaced.tsv", " x y \tblue\n"), names: nil, false)
        #expect(spaced("x y") == "blue")
        let json = try scratch.write(
            "lbl.json", #"{"title": "same"}"# + "\n" + #"{"title": "same"}"# + "\n" + #"{"title": ""}"# + "\n")
        let names = try LabelNames(file: json), raw = try LabelTextAddition.texts(from: json, names: names, true)
        #expect(names.names.map(raw) == ["same", "same", ""])
        #expect(failure { _ = try LabelTextAddition.texts(from: nil, names: nil, true) }?.advice.contains("lbl.json.gz") == true)
        let bad = try scratch.write("bad.tsv", "x\tblue\nno tab\n")
        #expect(failure { _ = try LabelTextAddition.texts(from: bad, names: nil, false) }?.place == "\(bad):2")
    }

    /// c is a test document: its definition is none of the label's text.
    @Test func definitionsOfTestDocumentsAreNotTrainedOn() throws {
        let lines = [
            "00000001 03 n 02 top 0 a_peak 0 000 | the highest one; \"an example\"",
            "00000002 03 n 01 c 0 001 @ 00000001 n 0000 | below it",
        ]
        let net = try WordNet(synsets: try lines.map { try Synset(line: $0, at: "x:1") }, file: "x")
        let texts = net.labelTexts(unseen: [net.documents()[1].text])
        #expect(texts == ["top.00000001": "top a peak : the highest one", "c.00000002": "c"])
    }
}
