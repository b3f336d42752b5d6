import Config
import Datasets
import Foundation
import Support
import TestSupport
import Testing

/// Data sets whose labels have texts.
@Suite struct LabelTextSetTests {
    private let folder: TemporaryFolder

    /// Label 2 has no training document, label 3 no text, label 0 neither tokens of its own nor a row of zeros.
    init() throws {
        folder = try TemporaryFolder()
        for (name, text) in [
            "trn_X_Xf.txt": "3 4\n0:3 2:4\n1:2\n3:1\n", "trn_X_Y.txt": "3 4\n0:1 3:1\n1:1\n3:1\n", "tst_X_Xf.txt": "1 4\n1:1\n",
            "tst_X_Y.txt": "1 4\n0:1 2:1\n", "lbl_X_Xf.txt": "4 4\n0:6 3:8\n1:1\n2:5\n\n",
        ] { _ = try folder.write(name, text) }
    }

    private func files(documents: Bool, kept: Bool, _ change: (inout GlobalConfig) -> Void = { _ in }) -> XCDatasetFiles {
        var global = GlobalConfig()
        global.labelTextDocuments = documents
        change(&global)
        return XCDatasetFiles(folder: folder.path, global: global, keepsLabelText: kept)
    }

    private func rows(_ matrix: CSRMatrix?) -> [[Int32: Float]] {
        guard let matrix else { return [] }
        return (0..<matrix.rows).map { row in
            Dictionary(uniqueKeysWithValues: matrix.range(row).map { (matrix.indices[$0], matrix.values?[$0] ?? 1) })
        }
    }

    @Test func textsAreDocumentsOfTheirLabels() throws {
        let set = try XCDataset.load(files: files(documents: true, kept: false), threads: 2)
        #expect(rows(set.trainFeatures) == [[0: 0.6, 2: 0.8], [1: 1], [3: 1], [0: 0.6, 3: 0.8], [1: 1], [2: 1]])
        #expect(rows(set.trainLabels) == [[0: 1, 3: 1], [1: 1], [3: 1], [0: 1], [1: 1], [2: 1]])
        // The label without a training document is there by its text, and frequencies are those of the files.
        #expect(set.labelIds.array == [0, 1, 2, 3] && set.labelCounts.array == [1, 1, 0, 2] && set.trainRowsInFile == 3)
        #expect(set.positives == [2, 2, 1, 2] && set.labelFeatures == nil)
        let plain = try XCDataset.load(files: files(documents: false, kept: false), threads: 1)
        #expect(plain.labelIds.array == [0, 1, 3] && plain.trainFeatures.rows == 3)
        #expect(rows(plain.trainFeatures) == Array(rows(set.trainFeatures).prefix(3)))
    }

    @Test func textsAreKeptForTheLabelsThatAreTrained() throws {
        let set = try XCDataset.load(files: files(documents: false, kept: true), threads: 1)
        #expect(set.labelIds.array == [0, 1, 3] && rows(set.labelFeatures) == [[0: 0.6, 3: 0.8], [1: 1], [:]])
        let all = try XCDataset.load(files: files(documents: true, kept: true), threads: 1)
        #expect(rows(all.labelFeatures) == [[0: 0.6, 3: 0.8], [1: 1], [2: 1], [:]])
        #expect(rows(set.withoutTest.labelFeatures) == rows(set.labelFeatures))
    }

    @Test func heldOutLabelsAreKnownByTheirTextAlone() throws {
        _ = try folder.write("held-out.txt", "0\n3\n")
        let left = try XCDataset.load(
            files: files(documents: false, kept: false) { $0.heldOutLabels = "held-out.txt" }, threads: 1)
        #expect(left.labelIds.array == [1] && left.trainFeatures.rows == 1 && rows(left.testLabels) == [[0: 1, 2: 1]])
        #expect(left.labelCounts.array == [0, 1, 0, 0])
        let texts = try XCDataset.load(
            files: files(documents: true, kept: false) { $0.heldOutLabels = "held-out.txt" }, threads: 1)
        #expect(texts.labelIds.array == [0, 1, 2] && texts.positives == [1, 2, 1])
        #expect(rows(texts.trainFeatures) == [[1: 1], [0: 0.6, 3: 0.8], [1: 1], [2: 1]])
    }

    @Test func selectedLabelsAloneHaveTexts() throws {
        _ = try folder.write("some.txt", "0\n2\n")
        _ = try folder.write("columns.txt", "0\n1\n2\n")
        let set = try XCDataset.load(
            files: files(documents: true, kept: true) {
                $0.labelIndices = "some.txt"
                $0.featureIndices = "columns.txt"
            }, threads: 1)
        #expect(set.labelIds.array == [0, 2] && rows(set.labelFeatures) == [[0: 1], [2: 1]])
        #expect(set.trainFeatures.rows == 3 && set.labelCounts.array == [1, 0, 0, 0])
    }

    @Test("the cache holds the texts, and damage in them is found") func cache() throws {
        let files = files(documents: true, kept: true), place = folder.file("cache")
        let set = try XCDataset.open(files: files, cacheFolder: place, threads: 2)
        let path = XCDataset.cachePath(cacheFolder: place, fingerprint: set.fingerprint)
        // The set is a view of the file, which is damaged below.
        let texts = rows(set.labelFeatures)
        #expect(texts == [[0: 0.6, 3: 0.8], [1: 1], [2: 1], [:]] && set.trainFeatures.rows == 6)
        #expect(rows(try XCDataset.map(cacheFile: path).labelFeatures) == texts)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var damaged = whole
        damaged[whole.count - 64] ^= 4
        try damaged.write(to: URL(fileURLWithPath: path))
        #expect(try XCDataset.checked(cacheFile: path, threads: 1) == nil)
        #expect(rows(try XCDataset.open(files: files, cacheFolder: place, threads: 1).labelFeatures) == texts)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole)
    }

    @Test func fingerprintIsOfTheTextsThatAreRead() throws {
        func print(_ documents: Bool, _ kept: Bool, heldOut: String? = nil) throws -> String {
            try files(documents: documents, kept: kept) { $0.heldOutLabels = heldOut }.fingerprint(threads: 1)
        }
        _ = try folder.write("held-out.txt", "0\n")
        let plain = try print(false, false)
        var all = [plain, try print(true, false), try print(false, true), try print(true, true)]
        all.append(try print(false, false, heldOut: "held-out.txt"))
        _ = try folder.write("lbl_X_Xf.txt", "4 4\n0:6 3:8\n1:1\n2:5\n1:1\n")
        all.append(try print(true, true))
        #expect(Set(all).count == 6)
        #expect(try print(false, false) == plain)
    }

    private func failure(_ text: String?) throws -> Failure {
        if let text {
            _ = try folder.write("lbl_X_Xf.txt", text)
        } else {
            try FileManager.default.removeItem(atPath: folder.file("lbl_X_Xf.txt"))
        }
        return try #require(throws: Failure.self) { try XCDataset.load(files: files(documents: true, kept: false), threads: 1) }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let rows = try failure("3 4\n0:1\n1:1\n2:1\n")
        #expect(rows.found == "3 rows" && rows.expected.hasPrefix("4"))
        let wide = try failure("4 5\n0:1\n1:1\n2:1\n4:1\n")
        #expect(wide.found == "5 columns" && wide.advice.contains("--label-text-for"))
        let missing = try failure(nil)
        #expect(missing.code == .usage && missing.advice.contains("label_text_documents=false"))
    }
}
