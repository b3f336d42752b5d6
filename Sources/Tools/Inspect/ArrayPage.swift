import Support
import Checkpoint
import Formats
import Foundation
import Transport

/// The page of a single file of arrays: HDF5, or NumPy's two.
struct ArrayPage {
    let inspector: Inspector
    init(_ inspector: Inspector) { self.inspector = inspector }
    private var path: String { inspector.path }

    func h5() throws -> Inspection {
        var page = Inspection("HDF5 file", path: path, verify: inspector.verify)
        page.add("size", .bytes(Inspector.size(path)))
        guard let file = page.noting(path, { try OpenH5(path) }) else { return page }
        page.noting(path) { try file.attributes() }?.forEach { page.facts.append($0) }
        let names = page.noting(path) { try file.datasetNames() } ?? []
        var table = Inspection.Table("datasets", header: ["name", "type", "shape", "size"])
        for name in names {
            guard let info = page.noting("\(path): \(name)", { try file.info(name) }) else { continue }
            let bytes = info.shape.reduce(1, *) * info.type.size
            table.rows.append([.text(name), .text(info.type.rawValue), .shape(info.shape), .bytes(bytes)])
            if inspector.verify { page.noting("\(path): \(name)") { try file.check(name) } }
        }
        page.tables = [table]
        if inspector.verify, page.damages.isEmpty { page.noting(path) { try file.checkScores() } }
        return page
    }

    func npz() throws -> Inspection {
        var page = Inspection("npz archive", path: path, verify: inspector.verify)
        page.add("size", .bytes(Inspector.size(path)))
        guard let arrays = page.noting(path, { try ArrayListing.npz(path: path) }) else { return page }
        page.tables = [Self.table(arrays)]
        let isCSR = Set(arrays.map(\.name)).isSuperset(of: ["data", "indices", "indptr", "shape", "format"])
        if isCSR, let matrix = page.noting(path, { try NPZ.readCSR(path: path) }) {
            page.add("sparse matrix", .shape([matrix.rows, matrix.cols]))
            page.add("entries", .count(matrix.nonZeros))
            page.add("entries a row", .decimal(Double(matrix.nonZeros) / Double(max(1, matrix.rows))))
        }
        return page
    }

    func npy() throws -> Inspection {
        var page = Inspection("npy array", path: path, verify: inspector.verify)
        page.add("size", .bytes(Inspector.size(path)))
        guard let array = page.noting(path, { try ArrayListing.npy(path: path) }) else { return page }
        page.add("type", .text(array.type))
        page.add("shape", .shape(array.shape))
        page.add("order", .text(array.fortranOrder ? "Fortran" : "C"))
        if let hash = page.noting(path, { try ContentHash.ofFile(path) }) { page.add("content hash", .text(hash)) }
        // No checksum stands in a .npy: that all its numbers are finite is what can be said.
        if inspector.verify, array.shape.count == 2, array.type.contains("f") {
            page.noting(path) { _ = try NPY.readFloatMatrix(path: path) }
        }
        return page
    }

    private static func table(_ arrays: [ArrayListing]) -> Inspection.Table {
        Inspection.Table(
            "arrays", header: ["name", "type", "shape", "size"],
            rows: arrays.map { array in
                let bytes = array.byteCount ?? 0
                return [
                    .text(array.name), .text(array.type), array.shape.isEmpty ? .text("scalar") : .shape(array.shape),
                    .bytes(bytes),
                ]
            })
    }
}

/// An HDF5 file that closures may use.
private final class OpenH5 {
    private let file: H5File

    init(_ path: String) throws { file = try H5File(opening: path) }

    func datasetNames() throws -> [String] { try file.datasetNames() }
    func info(_ name: String) throws -> H5Info { try file.info(name) }
    func check(_ name: String) throws { try file.checkDataset(name) }

    func attributes() throws -> [Inspection.Fact] {
        try file.attributeNames().map { name in
            switch try file.attribute(name) {
            case .string(let text)?: Inspection.Fact(name, .text(text))
            case .int(let number)?: Inspection.Fact(name, .number(number))
            case .ints(let numbers)?: Inspection.Fact(name, .shape(numbers))
            case .double(let number)?: Inspection.Fact(name, .decimal(number))
            case nil: Inspection.Fact(name, .text(""))
            }
        }
    }

    /// Score files have checksums of their own, over all chunks together.
    func checkScores() throws {
        guard case .string(let format)? = try file.attribute("format"), format.hasPrefix("deepxml-dist scores") else { return }
        if try file.attribute("parts") != nil {
            _ = try ScoreFile.openParts(file.path)
        } else {
            try ScoreFile.check(file.path)
        }
    }
}
