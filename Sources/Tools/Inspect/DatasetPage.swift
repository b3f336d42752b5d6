import Datasets
import Formats
import Foundation
import Support

/// The page of a data set's folder, or of its binary cache.
struct DatasetPage {
    let inspector: Inspector
    init(_ inspector: Inspector) { self.inspector = inspector }
    private var path: String { inspector.path }

    /// A folder that has one of these is a data set.
    static let files = [
        "trn_X_Xf.txt", "trn_X_Y.txt", "tst_X_Xf.txt", "tst_X_Y.txt", "trn_X_Xf.npz", "trn_X_Y.npz", "train.txt", "test.txt",
        "trn.json.gz", "tst.json.gz",
    ]

    func dataset(_ names: [String]) throws -> Inspection {
        var page = Inspection("data set", path: path, verify: inspector.verify)
        let files = XCDatasetFiles(folder: path)
        let four = [files.trainFeatures, files.trainLabels, files.testFeatures, files.testLabels]
        for name in four where !names.contains(name) && names.contains(where: four.contains) {
            page.addDamage("\(path)/\(name)", "the file is missing")
        }
        if Set(four).isSubset(of: names) {
            if inspector.verify {
                if let set = page.noting(path, { try XCDataset.load(files: files, threads: inspector.threads) }) {
                    Self.add(set, to: &page)
                }
            } else if let print = page.noting(path, { try files.fingerprint(threads: inspector.threads) }) {
                page.add("fingerprint", .text(print))
            }
        }
        var table = Inspection.Table("files", header: ["name", "shape", "size"])
        for name in names where !name.hasPrefix(".") {
            let file = "\(path)/\(name)"
            table.rows.append([.text(name), shape(name, &page), .bytes(Inspector.size(file))])
        }
        page.tables = [table]
        return page
    }

    /// The shape that a file's header says; `-` where it has none.
    private func shape(_ name: String, _ page: inout Inspection) -> Inspection.Figure {
        let file = "\(path)/\(name)"
        if name.hasSuffix(".npy") {
            return page.noting(file) { try ArrayListing.npy(path: file).shape }.map { .shape($0) } ?? .text("-")
        }
        guard name.hasSuffix(".txt"), name.contains("_X_"), let start = try? FileStart.bytes(file, count: 64) else {
            return .text("-")
        }
        let line = start.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        let counts = String(decoding: line, as: UTF8.self).split(separator: " ").map { Int($0) }
        guard counts.count == 2, let rows = counts[0], let cols = counts[1] else {
            page.addDamage("\(file):1", "no header `rows columns`")
            return .text("-")
        }
        return .shape([rows, cols])
    }

    func cache() throws -> Inspection {
        var page = Inspection("data set cache", path: path, verify: inspector.verify)
        page.add("size", .bytes(Inspector.size(path)))
        let set = page.noting(path) {
            inspector.verify
                ? try XCDataset.checked(cacheFile: path, threads: inspector.threads) : try XCDataset.listed(cacheFile: path)
        }
        guard let set else { return page }
        guard let set else {
            page.addDamage(path, "an array's digest is not the one that was written")
            return page
        }
        Self.add(set, to: &page)
        return page
    }

    /// What training keeps of the files, and how labels fall on documents.
    static func add(_ set: XCDataset, to page: inout Inspection) {
        page.add("fingerprint", .text(set.fingerprint))
        page.add("training documents", .count(set.trainFeatures.rows))
        page.add("training documents in file", .count(set.trainRowsInFile))
        page.add("test documents", .count(set.testFeatures.rows))
        page.add("features", .count(set.vocabularySize))
        page.add("labels with a training document", .count(set.labelCount))
        page.add("labels in file", .count(set.labelCountInFile))
        page.add("features a document", .decimal(perRow(set.trainFeatures)))
        page.add("labels a document", .decimal(perRow(set.trainLabels)))
        page.add("documents a label", .decimal(perRow(set.trainDocuments)))
        page.add("documents of the most frequent label", .count(set.positives.max() ?? 0))
        if let texts = set.labelFeatures {
            page.add("labels with a text", .count((0..<texts.rows).count { !texts.range($0).isEmpty }))
        }
        page.add("filtered test pairs", .count(set.testFilter.nonZeros))
    }

    private static func perRow(_ matrix: CSRMatrix) -> Double { Double(matrix.nonZeros) / Double(max(1, matrix.rows)) }
}
