import Config
import Datasets
import Foundation
import Support
import TestSupport
import Testing

/// Documents that are held out of a training file, or come from files of their own.
@Suite struct ValidationTests {
    private let folder: TemporaryFolder
    private static let documents = 40

    /// Document d has feature d, and labels d % 7 and 7; each fifth has no label, document 3 no feature.
    init() throws {
        folder = try TemporaryFolder()
        let rows = 0..<Self.documents
        let features = rows.map { $0 == 3 ? "" : "\($0):2" }, labels = rows.map { $0 % 5 == 4 ? "" : "\($0 % 7):1 7:1" }
        let head = "\(Self.documents) \(Self.documents)\n"
        _ = try folder.write("trn_X_Xf.txt", head + features.joined(separator: "\n") + "\n")
        _ = try folder.write("trn_X_Y.txt", "\(Self.documents) 8\n" + labels.joined(separator: "\n") + "\n")
        _ = try folder.write("tst_X_Xf.txt", "1 \(Self.documents)\n1:1\n")
        _ = try folder.write("tst_X_Y.txt", "1 8\n1:1\n")
    }

    private func files(_ source: ValidationOptions.Source?) -> XCDatasetFiles {
        XCDatasetFiles(folder: folder.path, validation: source)
    }

    private func documents(_ features: CSRMatrix) -> [Int] { features.indices.array.map(Int.init) }

    @Test func aPartIsHeldOutAndTheRestIsTrained() throws {
        let whole = try XCDataset.load(files: files(nil), threads: 1)
        let set = try XCDataset.load(files: files(.part(0.25, seed: 0)), threads: 2), held = try #require(set.validation)
        // Of 31 documents with features and labels.
        #expect(whole.trainFeatures.rows == 31 && held.features.rows == 8 && set.trainFeatures.rows == 23)
        #expect(
            held.isCut && held.labels.rows == 8 && held.filter.rows == 8
                && held.features.values?.array == Array(repeating: 1, count: 8))
        let both = documents(held.features) + documents(set.trainFeatures)
        #expect(both.sorted() == documents(whole.trainFeatures) && documents(held.features) == documents(held.features).sorted())
        for (row, document) in documents(held.features).enumerated() {
            #expect(held.labels.columns(row).map { Int($0) } == [document % 7, 7])
        }
        // Frequencies in training are those of what is trained; those of the measures are the file's.
        #expect(set.labelCounts[7] == 24 && set.trainRowsInFile == 32 && set.positives.reduce(0, +) == 46)
        #expect(set.labelCountsInFile == whole.labelCounts.array && set.documentsInFile == 40)
        #expect(set.testFeatures.rows == 1 && set.testLabels.cols == 8)
    }

    @Test func theCutDependsOnSeedAndRowsAlone() throws {
        let rows = Array(0..<1000), cut = ValidationCut(share: 0.1, seed: 5)
        #expect(cut.rows(of: rows).count == 100 && cut.rows(of: rows) == cut.rows(of: rows))
        #expect(cut.rows(of: rows) != ValidationCut(share: 0.1, seed: 6).rows(of: rows))
        // A larger share holds out the same documents, and more.
        #expect(Set(cut.rows(of: rows)).isSubset(of: ValidationCut(share: 0.2, seed: 5).rows(of: rows)))
        #expect(ValidationCut(share: 0.001, seed: 1).rows(of: [4, 9]).count == 1)
        #expect(ValidationCut(share: 0.5, seed: 1).rows(of: [4]) == [])
        let counts = [(0.1, 1000), (0.001, 2), (0.5, 1), (0.5, 0), (0.5, 2), (0.25, 10), (0.1, 24)].map(ValidationCut.count)
        #expect(counts == [100, 1, 0, 0, 1, 3, 2])
        // Each tenth of the rows has its share, about.
        let large = ValidationCut(share: 0.2, seed: 0).rows(of: Array(0..<50_000))
        for part in 0..<10 { #expect(abs(large.count { $0 / 5000 == part } - 1000) < 120) }
    }

    @Test func fingerprintsTellCutsApart() throws {
        let sources: [ValidationOptions.Source?] = [
            nil, .part(0.25, seed: 0), .part(0.25, seed: 1), .part(0.2, seed: 0),
        ]
        #expect(Set(try sources.map { try files($0).fingerprint(threads: 1) }).count == 4)
    }

    @Test(arguments: [0.25, nil]) func aCacheHoldsThem(share: Double?) throws {
        try writeOwnFiles()
        let source: ValidationOptions.Source =
            share.map { .part($0, seed: 3) } ?? .files(features: "val_X_Xf.txt", labels: "val_X_Y.txt")
        let read = try XCDataset.load(files: files(source), threads: 1)
        for _ in 0..<2 {
            let set = try XCDataset.open(files: files(source), cacheFolder: folder.file("cache"), threads: 1)
            let held = try #require(set.validation), before = try #require(read.validation)
            #expect(held.isCut == before.isCut && set.labelCountsInFile == read.labelCountsInFile)
            #expect(held.features.indices.array == before.features.indices.array)
            #expect(held.features.values?.array == before.features.values?.array)
            #expect(held.labels.indices.array == before.labels.indices.array && held.labels.cols == before.labels.cols)
            #expect(held.filter.rows == before.filter.rows && set.withoutTest.validation == nil)
        }
    }

    private func writeOwnFiles() throws {
        _ = try folder.write("val_X_Xf.txt", "3 \(Self.documents)\n5:3 6:4\n\n7:1\n")
        _ = try folder.write("val_X_Y.txt", "3 8\n0:1\n1:1\n\n")
    }

    @Test func filesOfTheirOwnAreReadAsTestFilesAre() throws {
        try writeOwnFiles()
        let plain = try XCDataset.load(files: files(nil), threads: 1)
        let set = try XCDataset.load(files: files(.files(features: "val_X_Xf.txt", labels: "val_X_Y.txt")), threads: 1)
        let held = try #require(set.validation)
        #expect(!held.isCut && held.features.rows == 3 && held.features.values?.array == [0.6, 0.8, 1])
        #expect(set.trainFeatures.rows == plain.trainFeatures.rows && set.labelCountsInFile == plain.labelCounts.array)
    }

    @Test func testDocumentsAreNoValidationDocuments() throws {
        let failure = #expect(throws: Failure.self) {
            try XCDataset.load(files: files(.files(features: "tst_X_Xf.txt", labels: "tst_X_Y.txt")), threads: 1)
        }
        #expect(failure?.problem.contains("nothing may be chosen by them") == true)
        // The same content by another name.
        _ = try folder.write("copy.txt", "1 \(Self.documents)\n1:1\n")
        try writeOwnFiles()
        #expect(throws: Failure.self) {
            try XCDataset.load(files: files(.files(features: "copy.txt", labels: "val_X_Y.txt")), threads: 1)
        }
    }

    @Test func aFilterOfTrainingDocumentsGoesWithThem() throws {
        _ = try folder.write("filter_labels_train.txt", (0..<Self.documents).map { "\($0) 7\n" }.joined())
        let held = try #require(try XCDataset.load(files: files(.part(0.25, seed: 0)), threads: 1).validation)
        #expect(held.filter.nonZeros == 8 && held.filter.indices.array.allSatisfy { $0 == 7 })
    }
}
