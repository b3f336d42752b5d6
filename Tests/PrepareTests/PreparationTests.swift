import Formats
import Foundation
import Prepare
import TestSupport
import Testing

@Suite struct PreparationTests {
    let train = [
        Document(labels: ["x", "y"], text: "red green\nred"), Document(labels: ["x"], text: "green blue"),
        Document(labels: [], text: "nothing"), Document(labels: ["y", "rare"], text: "red"),
    ]
    let test = [Document(labels: ["rare", "x"], text: "blue green"), Document(labels: ["y"], text: "")]

    private func preparation(_ scratch: TemporaryFolder) -> Preparation {
        var preparation = Preparation(dataFolder: scratch.path, name: "Own")
        preparation.embeddings = nil
        return preparation
    }

    @Test func writesTheXCLayout() throws {
        let scratch = try TemporaryFolder()
        let summary = try preparation(scratch).run(train: train, test: test)
        #expect(scratch.names == ["Own"])
        #expect(try scratch.lines("Own/vocabulary.txt") == ["green", "red"])
        #expect(try scratch.lines("Own/labels.txt") == ["x", "y"])
        #expect(try scratch.lines("Own/trn_X_Y.txt") == ["4 2", "0:1 1:1", "0:1", "", "1:1"])
        #expect(try scratch.lines("Own/tst_X_Y.txt") == ["2 2", "0:1", "1:1"])
        #expect(try scratch.lines("Own/trn_raw.tsv") == ["x|y\tred green red", "x\tgreen blue", "\tnothing", "y\tred"])
        let features = try scratch.lines("Own/trn_X_Xf.txt")
        #expect(features[0] == "4 2" && features[2...] == ["0:1.0", "", "1:1.0"])
        // Equal idf: tf 1 and 2 over √5, and the text reads back as the same float.
        let row = features[1].split(separator: " ").map { Float($0.split(separator: ":")[1]) ?? 0 }
        #expect(abs(row[0] - 0.4472136) < 1e-6 && abs(row[1] - 0.8944272) < 1e-6)
        #expect((summary.train, summary.test, summary.features, summary.labels) == (4, 2, 2, 2))
        #expect(summary.labelsPerDocument == 1)
        #expect(summary.files.count == 11)
        #expect(TextVectoriser(fitting: train.map(\.text)) == (try TextVectoriser(folder: "\(scratch.path)/Own")))
    }

    @Test("a link to a folder stays one; what is no folder is left alone") func linksAndFiles() throws {
        let scratch = try TemporaryFolder()
        var preparation = preparation(scratch)
        preparation.force = true
        let elsewhere = scratch.file("disk/real")
        try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
        #expect(symlink(elsewhere, scratch.file("Own")) == 0)
        try preparation.run(train: train, test: test)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.file("Own")) == elsewhere)
        #expect(try scratch.lines("disk/real/labels.txt") == ["x", "y"] && scratch.names == ["Own", "disk"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("disk")) == ["real"])
        unlink(scratch.file("Own"))
        for kind in ["file", "pipe", "dangling"] {
            switch kind {
            case "file": try scratch.write("Own", "mine")
            case "pipe": mkfifo(scratch.file("Own"), 0o600)
            default: symlink(scratch.file("nowhere"), scratch.file("Own"))
            }
            var before = stat(), after = stat()
            lstat(scratch.file("Own"), &before)
            #expect(failure { try preparation.checkTarget() }?.problem.contains("no folder") == true)
            #expect(failure { try preparation.run(train: train, test: test) }?.problem.contains("no folder") == true)
            #expect(lstat(scratch.file("Own"), &after) == 0 && before.st_ino == after.st_ino, "\(kind)")
            unlink(scratch.file("Own"))
        }
    }

    @Test(
        "names are those that train takes", arguments: [("my mail", true), (" mail", false), ("a\\b", false), (".mail", false)])
    func names(_ name: String, isAllowed: Bool) throws {
        let scratch = try TemporaryFolder()
        var preparation = preparation(scratch)
        preparation.name = name
        #expect((failure { try preparation.checkTarget() } == nil) == isAllowed)
    }

    @Test func unusableDocumentsAreLeftOutWhereAsked() throws {
        let scratch = try TemporaryFolder()
        var preparation = preparation(scratch)
        preparation.dropsUnusable = true
        let summary = try preparation.run(train: train, test: test)
        #expect((summary.train, summary.test) == (3, 1))
        #expect((summary.testGiven, summary.testWithoutFeature, summary.testWithoutLabel) == (2, 1, 0))
        #expect(try scratch.lines("Own/trn_raw.tsv").count == 3)
    }

    @Test func anExistingDataSetIsKeptUnlessForced() throws {
        let scratch = try TemporaryFolder()
        var preparation = preparation(scratch)
        try preparation.run(train: train, test: test)
        _ = try scratch.write("Own/mine", "kept")
        #expect(failure { try preparation.run(train: train, test: test) }?.advice.contains("--force") == true)
        #expect(try scratch.lines("Own/mine") == ["kept"])
        preparation.force = true
        try preparation.run(train: train, test: test)
        #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/Own/mine"))
        #expect(scratch.names == ["Own"])
    }

    /// Embeddings come last, so a failure there is one in the middle of the work.
    @Test func aFailureLeavesNothingBehind() throws {
        let scratch = try TemporaryFolder()
        var preparation = preparation(scratch)
        try preparation.run(train: train, test: test)
        let before = try scratch.lines("Own/trn_raw.tsv")
        preparation.force = true
        preparation.minCount = 9
        #expect(failure { try preparation.run(train: train, test: test) }?.advice.contains("--min-count") == true)
        preparation.minCount = 2
        preparation.minLabelCount = 9
        #expect(failure { try preparation.run(train: train, test: test) }?.advice.contains("--min-label-count") == true)
        preparation.minLabelCount = 2
        var broken = FastText()
        broken.dimensions = -1
        preparation.embeddings = broken
        #expect(failure { try preparation.run(train: train, test: test) } != nil)
        #expect(scratch.names == ["Own"])
        #expect(try scratch.lines("Own/trn_raw.tsv") == before)
    }

    /// A killed process's staging folder goes; one of a living process stays.
    @Test func whatAKilledProcessLeftIsRemoved() throws {
        let scratch = try TemporaryFolder()
        let stage = "\(scratch.path)/.Own.preparing-\(ProcessInfo.processInfo.hostName)-"
        for process in ["999999999", "\(getppid())"] {
            try FileManager.default.createDirectory(atPath: stage + process, withIntermediateDirectories: true)
        }
        try preparation(scratch).run(train: train, test: test)
        #expect(scratch.names.count == 2 && FileManager.default.fileExists(atPath: stage + "\(getppid())"))
    }

    @Test(arguments: ["", "a/b", ".hidden", "..", String(repeating: "n", count: 128)])
    func refusesBadNames(name: String) throws {
        let scratch = try TemporaryFolder()
        var preparation = preparation(scratch)
        preparation.name = name
        #expect(failure { try preparation.run(train: train, test: test) }?.place == "--name")
        #expect(scratch.names.isEmpty)
    }

    @Test func aPlaceThatIsNoFolderIsRefused() throws {
        let scratch = try TemporaryFolder()
        var preparation = preparation(scratch)
        preparation.dataFolder = try scratch.write("file", "x")
        #expect(failure { try preparation.run(train: train, test: test) }?.code == .usage)
    }

    @Test func theSplitIsEightyTwentyAndBySeed() {
        let documents = (0..<103).map { Document(labels: [], text: "\($0)") }
        let (train, test) = DemoData.split(documents, seed: 5)
        #expect(train.count == 82 && test.count == 21)
        #expect(Set((train + test).map(\.text)).count == 103)
        #expect(DemoData.split(documents, seed: 5).train == train)
        #expect(DemoData.split(documents, seed: 6).train != train)
    }
}

@Suite(.enabled(if: (try? FastText.program()) != nil, "fasttext is not installed")) struct EmbeddingTests {
    /// The header says V×300 of float32, every token has a row, and a second run gives the same bits.
    @Test func aRowForEachTokenTheSameEachTime() throws {
        let scratch = try TemporaryFolder()
        let text = "red green blue red green été red"
        let documents = (0..<20).map { Document(labels: ["x"], text: "\(text) \($0 % 5)") }
        var preparation = Preparation(dataFolder: scratch.path, name: "One")
        preparation.embeddings?.buckets = 1000
        try preparation.run(train: documents, test: documents)
        preparation.name = "Two"
        try preparation.run(train: documents, test: documents)
        #expect(scratch.names == ["One", "Two"])
        let file = "fasttextB_embeddings_300d.npy"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/One/\(file)"))
        let tokens = try scratch.lines("One/vocabulary.txt").count
        #expect(tokens == 9)
        #expect(bytes.count == 128 + tokens * 300 * 4)
        let header = String(decoding: bytes[10..<128], as: UTF8.self)
        #expect(header.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (9, 300), }") && header.hasSuffix("\n"))
        for token in 0..<tokens {
            let row = bytes[(128 + token * 1200)..<(128 + token * 1200 + 1200)]
            #expect(row.contains { $0 != 0 })
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/Two/\(file)")) == bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/One").count == 12)
    }

    /// A sub-word's row is the mean of the rows of the distinct words in which it stands.
    @Test func subwordsAreMeansOfTheirWords() throws {
        let scratch = try TemporaryFolder()
        let documents = (0..<20).map { _ in Document(labels: ["x"], text: "red redder green") }
        var preparation = Preparation(dataFolder: scratch.path, name: "Sub")
        preparation.embeddings?.buckets = 1000
        preparation.embeddings?.dimensions = 10
        preparation.subwords = .ngrams(min: 3, max: 3)
        try preparation.run(train: documents, test: documents)
        let names = try scratch.lines("Sub/vocabulary.txt")
        let matrix = try NPY.readFloatMatrix(path: "\(scratch.path)/Sub/fasttextB_embeddings_10d.npy")
        func row(_ name: String) throws -> [Float] {
            let index = try #require(names.firstIndex(of: name))
            return (0..<10).map { matrix[index, $0] }
        }
        let mean = zip(try row("red"), try row("redder")).map { ($0 + $1) / 2 }
        #expect(try row("#<re") == mean && row("#red") == mean)
        #expect(try row("#een") == row("green"))
        #expect(try row("#er>") == row("redder"))
    }
}
