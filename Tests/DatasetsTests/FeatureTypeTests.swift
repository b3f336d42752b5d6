import Config
import Datasets
import Formats
import Foundation
import Support
import TestSupport
import Testing

/// Feature types, selected columns and `keep_invalid`, from files to the data set and through its cache.
@Suite struct FeatureTypeTests {
    private let folder: TemporaryFolder
    init() throws {
        folder = try TemporaryFolder()
        for (name, text) in [
            "trn_X_Xf.txt": "4 4\n0:3 2:4\n1:2\n\n3:1\n", "trn_X_Y.txt": "4 5\n0:1 3:1\n1:1\n2:1\n\n",
            "tst_X_Xf.txt": "2 4\n1:1 2:2\n3:1\n", "tst_X_Y.txt": "2 5\n0:1 4:1\n1:1\n",
        ] { _ = try folder.write(name, text) }
    }

    /// The set, loaded and through its cache: both must be equal.
    private func load(_ change: (inout XCDatasetFiles) -> Void = { _ in }) throws -> XCDataset {
        var files = XCDatasetFiles(folder: folder.path)
        change(&files)
        let set = try XCDataset.load(files: files, threads: 1)
        let opened = try XCDataset.open(files: files, cacheFolder: folder.file("cache"), threads: 2)
        let cached = try XCDataset.map(
            cacheFile: XCDataset.cachePath(cacheFolder: folder.file("cache"), fingerprint: set.fingerprint))
        for other in [opened, cached] {
            #expect(other.fingerprint == set.fingerprint && other.featureType == set.featureType)
            #expect(other.trainFeatures.values?.array == set.trainFeatures.values?.array)
            #expect(other.trainFeatures.indices.array == set.trainFeatures.indices.array)
            #expect(
                other.labelIds.array == set.labelIds.array && other.trainLabels.indices.array == set.trainLabels.indices.array)
        }
        return set
    }

    @Test func anyFormatMakesTheSameSet() throws {
        let text = try load()
        #expect(text.featureType == .sparse && text.bagOfWords === text.trainFeatures)
        for name in ["trn_X_Xf", "trn_X_Y", "tst_X_Xf", "tst_X_Y"] {
            let kind: MatrixFile.Kind = name.hasSuffix("Y") ? .labels : .features
            let matrix = try MatrixFile.read(path: folder.file(name + ".txt"), kind: kind, threads: 1)
            try NPZ.writeCSR(path: folder.file(name + ".npz"), matrix: matrix)
        }
        try XCText.writeOneFile(
            folder.file("train.gz"), features: MatrixFile.read(path: folder.file("trn_X_Xf.txt"), kind: .features, threads: 1),
            labels: MatrixFile.read(path: folder.file("trn_X_Y.txt"), kind: .labels, threads: 1), isPacked: true)
        for training in [("trn_X_Xf.npz", "trn_X_Y.npz"), ("train.gz", "train.gz")] {
            let other = try load {
                ($0.trainFeatures, $0.trainLabels) = training
                ($0.testFeatures, $0.testLabels) = ("tst_X_Xf.npz", "tst_X_Y.npz")
            }
            #expect(
                other.trainFeatures.values?.array == text.trainFeatures.values?.array && other.fingerprint != text.fingerprint)
            #expect(other.trainLabels.indices.array == text.trainLabels.indices.array)
            #expect(other.testFeatures.indices.array == text.testFeatures.indices.array)
            #expect(other.testLabels.indices.array == text.testLabels.indices.array)
        }
    }

    @Test func denseRowsAreFull() throws {
        let train = DenseMatrix(rows: 4, cols: 2, buffer: Buffer([3, -4, 0, 2, 1, 1, 0, 0]))
        let test = DenseMatrix(rows: 2, cols: 2, buffer: Buffer([0, 0, 1, 0]))
        try NPY.write(train, path: folder.file("trn.npy"))
        try NPY.write(test, path: folder.file("tst.npy"))
        func files(_ type: FeatureType) -> (inout XCDatasetFiles) -> Void {
            return { ($0.trainFeatures, $0.testFeatures, $0.featureType) = ("trn.npy", "tst.npy", type) }
        }
        let dense = try load(files(.dense))
        // The last document has no label.
        #expect(dense.trainFeatures.starts.array == [0, 2, 4, 6] && dense.trainFeatures.indices.array == [0, 1, 0, 1, 0, 1])
        #expect(dense.trainFeatures.values?.array.prefix(4) == [0.6, -0.8, 0, 1])
        #expect(dense.testFeatures.values?.array == [0, 0, 1, 0])
        let sparse = try load(files(.sparse))
        #expect(sparse.trainFeatures.indices.array == [0, 1, 1, 0, 1] && sparse.testFeatures.starts.array == [0, 0, 1])
        #expect(sparse.fingerprint != dense.fingerprint)
        try NPY.write(DenseMatrix(rows: 2, cols: 3), path: folder.file("tst.npy"))
        let failure = try #require(throws: Failure.self) { try load(files(.dense)) }
        #expect(failure.problem.contains("different numbers of dimensions"))
    }

    @Test func sequencesKeepTheirOrder() throws {
        _ = try folder.write("trn.txt", "4 4\n3:1 0:1 3:1 3:5\n1:1\n2:1\n0:1\n")
        _ = try folder.write("tst.txt", "2 4\n2:1 2:1\n\n")
        let set = try load { ($0.trainFeatures, $0.testFeatures, $0.featureType) = ("trn.txt", "tst.txt", .sequential) }
        #expect(set.trainFeatures.indices.array == [3, 0, 3, 3, 1, 2])
        #expect(set.trainFeatures.values?.array == [1, 1, 1, 1, 1, 1] && set.testFeatures.indices.array == [2, 2])
        let words = set.bagOfWords
        #expect(words.starts.array == [0, 2, 3, 4] && words.indices.array == [0, 3, 1, 2] && words === set.bagOfWords)
        let norm = Float(10).squareRoot()
        #expect(zip(words.values?.array ?? [], [1 / norm, 3 / norm, 1, 1]).allSatisfy { abs($0 - $1) < 1e-6 })
        let failure = try #require(throws: Failure.self) { try load { $0.featureType = .sequential } }
        #expect(failure.place == folder.file("trn_X_Xf.txt") && failure.advice.contains("global.trn_feat_fname=trn_X_seq.npz"))
    }

    @Test func selectedColumns() throws {
        _ = try folder.write("features.txt", "2\n1\r\n\n")
        let words = try load { $0.featureIndices = "features.txt" }
        #expect(
            words.vocabularySize == 4 && words.trainFeatures.indices.array == [2, 1]
                && words.trainFeatures.values?.array == [1, 1])
        #expect(words.testFeatures.starts.array == [0, 2, 2])
        _ = try folder.write("labels.txt", "3\n4\n")
        let labels = try load { $0.labelIndices = "labels.txt" }
        #expect(labels.labelIds.array == [3] && labels.labelCountInFile == 5 && labels.testLabels.indices.array == [4])
        let prints = try [words, labels, load()].map(\.fingerprint)
        #expect(labels.trainFeatures.rows == 1 && Set(prints).count == 3)
        let train = DenseMatrix(rows: 4, cols: 3, buffer: Buffer((0..<12).map(Float.init)))
        try NPY.write(train, path: folder.file("x.npy"))
        try NPY.write(DenseMatrix(rows: 2, cols: 3, buffer: Buffer([1, 2, 3, 4, 5, 6])), path: folder.file("t.npy"))
        let dense = try load {
            ($0.trainFeatures, $0.testFeatures, $0.featureType, $0.normalize) = ("x.npy", "t.npy", .dense, false)
            $0.featureIndices = "features.txt"
        }
        #expect(dense.vocabularySize == 2 && dense.trainFeatures.values?.array == [2, 1, 5, 4, 8, 7])
        #expect(dense.testFeatures.values?.array == [3, 2, 6, 5])
    }

    @Test(
        "bad lines of a selection",
        arguments: [
            ("0\n4\n", 2, "feature out of range"), ("0\n1\n0\n", 3, "feature selected twice"), ("1.0\n", 1, "not a column"),
            ("-1", 1, "not a column"), ("1 2\n", 1, "not a column"),
        ]) func badSelection(_ text: String, _ line: Int, _ problem: String) throws
    {
        _ = try folder.write("features.txt", text)
        let failure = try #require(throws: Failure.self) { try load { $0.featureIndices = "features.txt" } }
        #expect(failure.place == folder.file("features.txt") + ":\(line)" && failure.problem == problem)
        _ = try folder.write("features.txt", "\n")
        #expect(throws: Failure.self) { try load { $0.featureIndices = "features.txt" } }
    }

    @Test func keepInvalid() throws {
        let usual = try load()
        #expect(usual.trainFeatures.rows == 2 && usual.labelIds.array == [0, 1, 3])
        let all = try load { $0.keepInvalid = true }
        #expect(all.trainFeatures.rows == 4 && all.labelIds.array == [0, 1, 2, 3, 4] && all.positives == [1, 1, 1, 1, 0])
        #expect(all.fingerprint != usual.fingerprint)
        _ = try folder.write("labels.txt", "4\n0\n")
        let selected = try load { ($0.keepInvalid, $0.labelIndices) = (true, "labels.txt") }
        #expect(selected.labelIds.array == [0, 4] && selected.positives == [1, 0] && selected.trainFeatures.rows == 4)
    }

    @Test func configKeys() throws {
        let text =
            #"{"global": {"feature_type": "dense", "feature_indices": "f.txt", "label_indices": null}, "extreme": {"label_indices": null}}"#
        let global = try Config.parse(data: Array(text.utf8), name: "c.json").global
        #expect(global.featureIndices == "f.txt" && global.labelIndices == nil)
        let files = XCDatasetFiles(folder: "x", global: global, keepInvalid: true)
        #expect(files.featureType == .dense && files.featureIndices == "f.txt" && files.labelIndices == nil && files.keepInvalid)
        let elsewhere = try #require(throws: Failure.self) {
            try Config.parse(data: Array(#"{"extreme": {"label_indices": "l.txt"}}"#.utf8), name: "c.json")
        }
        #expect(elsewhere.expected.contains("section global"))
        #expect(throws: Failure.self) { try Config.parse(data: Array(#"{"global": {"label_indices": 3}}"#.utf8), name: "c.json") }
    }
}
