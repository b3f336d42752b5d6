import Datasets
import Foundation
import Support
import TestSupport
import Testing

/// What scipy says of a small data set with empty rows, zeros, unused labels and headers that differ.
struct CleanUpOracle: Decodable {
    struct Matrix: Decodable {
        var rows: Int
        var cols: Int
        var starts: [Int64]
        var indices: [Int32]
        var values: [Float]
    }
    var files: [String: String]
    var trainFeatures, rawTrainFeatures, trainLabels, trainDocuments, testFeatures, testLabels, testFilter: Matrix
    var labelIds, labelCounts: [Int32]
    var trainRowsInFile: Int

    static func load() throws -> CleanUpOracle { try JSONDecoder().decode(CleanUpOracle.self, from: oracle("cleanup.json")) }

    func write(to folder: TemporaryFolder) throws {
        for (name, text) in files { _ = try folder.write(name, text) }
    }

    func expect(_ set: XCDataset) {
        expectEqual(set.trainFeatures, trainFeatures)
        expectEqual(set.trainLabels, trainLabels, binary: true)
        expectEqual(set.trainDocuments, trainDocuments, binary: true)
        expectEqual(set.testFeatures, testFeatures)
        expectEqual(set.testLabels, testLabels, binary: true)
        expectEqual(set.testFilter, testFilter, binary: true)
        #expect(set.labelIds.array == labelIds && set.labelCounts.array == labelCounts)
        #expect(set.trainRowsInFile == trainRowsInFile && set.vocabularySize == 33)
        #expect(set.labelCount == labelIds.count && set.labelCountInFile == 25)
    }
}

func expectEqual(
    _ found: CSRMatrix, _ expected: CleanUpOracle.Matrix, binary: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.rows == expected.rows && found.cols == expected.cols, sourceLocation: sourceLocation)
    #expect(found.starts.array == expected.starts && found.indices.array == expected.indices, sourceLocation: sourceLocation)
    #expect((found.values == nil) == binary, sourceLocation: sourceLocation)
    let off = zip(found.values?.array ?? [], expected.values).filter { abs($0 - $1) > 2e-7 * abs($1) }
    #expect(off.isEmpty, sourceLocation: sourceLocation)
}

@Suite struct XCDatasetTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes a set of two training and one test document, with some files replaced.
    private func small(_ changed: [String: String] = [:]) throws -> XCDatasetFiles {
        let files = [
            "trn_X_Xf.txt": "2 3\n0:3 2:4\n1:2\n", "trn_X_Y.txt": "2 2\n0:1\n1:1\n", "tst_X_Xf.txt": "1 3\n1:1\n",
            "tst_X_Y.txt": "1 2\n0:1\n",
        ]
        for (name, text) in files.merging(changed, uniquingKeysWith: { $1 }) { _ = try folder.write(name, text) }
        return XCDatasetFiles(folder: folder.path)
    }

    private func failure(_ changed: [String: String]) throws -> Failure {
        let files = try small(changed)
        return try #require(throws: Failure.self) { try XCDataset.load(files: files, threads: 1) }
    }

    @Test("clean-up, against scipy (Tests/oracles/xcdata_oracle.py)") func cleanUp() throws {
        let expected = try CleanUpOracle.load()
        #expect(expected.trainFeatures.rows < 40 && expected.labelIds.count < 25, "the oracle must drop something")
        try expected.write(to: folder)
        for threads in [1, 3] {
            expected.expect(try XCDataset.load(files: XCDatasetFiles(folder: folder.path), threads: threads))
        }
        let raw = try XCDataset.load(files: XCDatasetFiles(folder: folder.path, normalize: false), threads: 1)
        expectEqual(raw.trainFeatures, expected.rawTrainFeatures)
    }

    @Test("a propensity is a probability, of however few documents") func propensities() {
        for documents in 0...3 {
            let inverse = Propensity.inverse(labelCounts: [0, 1], documents: documents, A: 0.55, B: 1.5)
            #expect(
                inverse.allSatisfy { $0.isFinite && $0 >= 1 } && (documents > 2) == (inverse[0] > 1), "\(documents): \(inverse)")
        }
    }

    @Test("headers that contradict each other, and values that no labels have, are told") func sizes() throws {
        let folder = try TemporaryFolder()
        for (name, text) in [
            ("trn_X_Xf.txt", "1 3\n0:1\n"), ("tst_X_Xf.txt", "1 3\n0:1\n"), ("trn_X_Y.txt", "1 2\n0:1\n"),
            ("tst_X_Y.txt", "1 2\n0:1\n"),
        ] { try folder.write(name, text) }
        #expect(XCDatasetFiles(folder: folder.path).sizeNotices().isEmpty)
        try folder.write("tst_X_Y.txt", "1 4\n0:1\n")
        try folder.write("trn_X_Y.txt", "1 2\n0:0.5\n")
        let notices = XCDatasetFiles(folder: folder.path).sizeNotices()
        #expect(
            notices.count == 2 && notices[0].contains("2 labels, tst_X_Y.txt 4") && notices[1].contains("0:0.5"), "\(notices)")
    }

    @Test func rowsOfASplitMustAgree() throws {
        let train = try failure(["trn_X_Y.txt": "3 2\n0:1\n1:1\n\n"])
        #expect(train.place.contains("trn_X_Xf.txt") && train.place.contains("trn_X_Y.txt"))
        #expect(train.found == "2 rows of features, 3 rows of labels" && train.code == .usage)
        #expect(try failure(["tst_X_Y.txt": "0 2\n"]).place.contains("tst_X_Y.txt"))
    }

    @Test func somethingMustBeUsable() throws {
        let failure = try failure(["trn_X_Xf.txt": "2 3\n0:1\n\n", "trn_X_Y.txt": "2 2\n\n1:1\n"])
        #expect(failure.problem.contains("no training document") && failure.found.contains("1 with a feature, 1 with a label"))
    }

    @Test func headerOutOfProportion() throws {
        for name in ["trn_X_Y.txt", "tst_X_Y.txt", "trn_X_Xf.txt"] {
            let rows = name.hasPrefix("tst") ? "1 2000000000\n0:1\n" : "2 2000000000\n0:1\n1:1\n"
            #expect(try failure([name: rows]).problem.contains("out of proportion"))
        }
    }

    @Test func missingDataSet() throws {
        _ = try small()
        let parent = (folder.path as NSString).deletingLastPathComponent
        let name = (folder.path as NSString).lastPathComponent
        let misspelt = XCDatasetFiles(folder: parent + "/" + name.dropLast() + "_")
        let failure = try #require(throws: Failure.self) { try XCDataset.load(files: misspelt, threads: 1) }
        #expect(failure.code == .usage && failure.problem == "no such data set" && failure.found.contains(name))
        #expect(failure.advice.contains("did you mean deepxml-tests-") && failure.advice.contains("deepxml-dist prepare --demo"))
    }

    @Test func missingFile() throws {
        let files = try small()
        try FileManager.default.removeItem(atPath: folder.file("tst_X_Y.txt"))
        let failure = try #require(throws: Failure.self) { try XCDataset.load(files: files, threads: 1) }
        #expect(failure.place == folder.file("tst_X_Y.txt") && failure.problem == "file not found")
    }

    @Test func filterIsOptionalAndMayBeMisspelt() throws {
        #expect(try XCDataset.load(files: small(), threads: 1).testFilter.nonZeros == 0)
        let filter = try XCDataset.load(files: small(["filter_labels_text.txt": "0 1\r\n\n0 0"]), threads: 1).testFilter
        #expect(filter.rows == 1 && filter.cols == 2 && filter.indices.array == [0, 1] && filter.values == nil)
        var named = try small(["own.txt": "0 1\n"])
        named.filter = "own.txt"
        #expect(try XCDataset.load(files: named, threads: 1).testFilter.indices.array == [1])
        named.filter = "none.txt"
        #expect(throws: Failure.self) { try XCDataset.load(files: named, threads: 1) }
    }

    @Test(
        "bad lines of the filter",
        arguments: [
            ("0 0\n0\n", 2, "not a pair"), ("0 0 0\n", 1, "not a pair"), ("\n\n0 x\n", 3, "not a pair"),
            ("-1 0\n", 1, "not a pair"),
            ("1 0\n", 1, "document out of range"), ("0 0\r\n0 2\r\n", 2, "label out of range"), ("0:1", 1, "not a pair"),
        ]) func badFilter(_ text: String, _ line: Int, _ problem: String) throws
    {
        let failure = try failure(["filter_labels_test.txt": text])
        #expect(failure.place == folder.file("filter_labels_test.txt") + ":\(line)" && failure.problem == problem)
    }

    @Test func fingerprintIsOfContent() throws {
        func print(_ changed: [String: String] = [:], normalize: Bool = true) throws -> String {
            var files = try small(changed)
            files.normalize = normalize
            let fingerprint = try files.fingerprint(threads: 2)
            #expect(try XCDataset.load(files: files, threads: 1).fingerprint == fingerprint)
            return fingerprint
        }
        let base = try print()
        #expect(base.count == 16 && base.allSatisfy(\.isHexDigit))
        #expect(try print() == base)
        var others: Set<String> = [try print(normalize: false), base]
        for (name, text) in [
            ("trn_X_Xf.txt", "2 3\n0:3 2:5\n1:2\n"), ("trn_X_Y.txt", "2 2\n0:1\n0:1\n"), ("tst_X_Xf.txt", "1 3\n2:1\n"),
            ("tst_X_Y.txt", "1 2\n1:1\n"), ("filter_labels_test.txt", "0 0\n"),
        ] { others.insert(try print([name: text])) }
        #expect(others.count == 7)
        // The same content under other names.
        try FileManager.default.removeItem(atPath: folder.file("filter_labels_test.txt"))
        var renamed = try small(["features.txt": "2 3\n0:3 2:4\n1:2\n"])
        renamed.trainFeatures = "features.txt"
        #expect(try renamed.fingerprint(threads: 1) == base)
    }
}
