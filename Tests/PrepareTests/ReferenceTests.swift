import Foundation
import Prepare
import TestSupport
import Testing

/// The folder of reference data: $DEEPXML_REFERENCE, or ../shared/reference beside the repository (or its worktree's folder).
private let reference: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let beside = ["..", "../.."].map { root.appendingPathComponent("\($0)/shared/reference").path }
    let places = [ProcessInfo.processInfo.environment["DEEPXML_REFERENCE"]].compactMap { $0 } + beside
    return places.map { "\($0)/WordNetSmall" }.first { FileManager.default.fileExists(atPath: "\($0)/trn_raw.tsv") }
}()
private let isAtHand = reference != nil && FileManager.default.fileExists(atPath: WordNet.debianFile)

/// Real data made by another program: our files of the same texts must be the same.
@Suite(.enabled(if: isAtHand, "set DEEPXML_REFERENCE to the folder that holds WordNetSmall, and install wordnet-base"))
struct ReferenceTests {
    /// The reference's training documents, those that it left out after counting (Tests/oracles), and its test documents;
    /// with all labels that our reading of WordNet gives them.
    private func documents() throws -> (train: [Document], test: [Document]) {
        let folder = try #require(reference)
        let byText = Dictionary(try WordNet().documents().map { ($0.text, $0) }, uniquingKeysWith: { first, _ in first })
        let dropped = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../oracles/wordnet_small_dropped.tsv"
        func read(_ path: String) throws -> [Document] {
            try DocumentReader.read(path).map { try #require(byText[$0.text], "not a text of ours: \($0.text)") }
        }
        return (try read("\(folder)/trn_raw.tsv") + read(dropped), try read("\(folder)/tst_raw.tsv"))
    }

    @Test func ourFilesAreTheReferences() throws {
        let folder = try #require(reference)
        let scratch = try TemporaryFolder()
        var preparation = Preparation(dataFolder: scratch.path, name: "Small")
        preparation.maxLabelShare = 0.25
        preparation.dropsUnusable = true
        preparation.embeddings = nil
        let (train, test) = try documents()
        let summary = try preparation.run(train: train, test: test)
        #expect((summary.train, summary.test, summary.features, summary.labels) == (13_114, 3_282, 12_136, 4_015))
        for name in ["vocabulary.txt", "labels.txt", "trn_X_Y.txt", "tst_X_Y.txt", "trn_raw.tsv", "tst_raw.tsv"] {
            #expect(try scratch.lines("Small/\(name)") == TemporaryFolder.lines("\(folder)/\(name)"), "\(name)")
        }
        for name in ["trn_X_Xf.txt", "tst_X_Xf.txt"] {
            let worst = try worstDifference(scratch.lines("Small/\(name)"), TemporaryFolder.lines("\(folder)/\(name)"))
            #expect(worst < 5e-6, "\(name)")
        }
    }

    /// The largest difference of an entry, the reference's rows l2-normalised; its five decimals leave about 3e-6.
    private func worstDifference(_ ours: [String], _ theirs: [String]) throws -> Double {
        #expect(ours.count == theirs.count && ours[0] == theirs[0])
        var worst = 0.0
        for (our, their) in zip(ours, theirs).dropFirst() {
            let a = entries(our)
            let b = entries(their)
            try #require(a.map(\.column) == b.map(\.column))
            let norm = b.reduce(0) { $0 + $1.value * $1.value }.squareRoot()
            for (x, y) in zip(a, b) { worst = max(worst, abs(x.value - y.value / norm)) }
        }
        return worst
    }

    private func entries(_ line: String) -> [(column: String, value: Double)] {
        line.split(separator: " ").map { entry in
            let parts = entry.split(separator: ":")
            return (String(parts[0]), Double(parts[1]) ?? .nan)
        }
    }

    @Test func theDemoIsOfTheSameSize() throws {
        let scratch = try TemporaryFolder()
        let summary = try DemoData.prepare(into: scratch.path, embeddings: nil)
        #expect(abs(summary.train - 13_114) < 100 && abs(summary.labels - 4_015) < 200)
        #expect(abs(summary.labelsPerDocument - 5.86) < 0.2)
        let again = try DemoData.prepare(into: scratch.path, name: "Again", embeddings: nil)
        for file in summary.files.map(\.name) {
            let both = try ["WordNetDemo", "Again"].map {
                try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/\($0)/\(file)"))
            }
            #expect(both[0] == both[1], "\(file)")
        }
        #expect(again.files == summary.files)
    }
}
