import Formats
import Support

/// What must hold of a cache's numbers before memory is read by them. Digests say that nobody changed the file by accident, not who
/// wrote it: a model's folder has one, and may come from anywhere.
extension CacheLayout {
    /// Whether the arrays lie in the file, and are as long as the matrices that they make say.
    var isSound: Bool {
        guard (0...Self.mostRows).contains(trainRowsInFile), shapes.allSatisfy(Self.isSize) else { return false }
        return zip(sections, widths).allSatisfy { lies($0, width: $1) } && arraysFit && rowsFit
    }

    private static var mostRows: Int { Int(Int32.max) }
    private static func isSize(_ shape: Shape) -> Bool {
        (0...mostRows).contains(shape.rows) && (0...mostRows).contains(shape.cols)
    }

    private func lies(_ section: Section, width: Int) -> Bool {
        guard section.offset >= Self.headerBytes, section.offset <= length, section.offset % Self.alignment == 0 else {
            return false
        }
        return section.count >= 0 && section.count <= (length - section.offset) / width
    }

    /// In the order of `arrays(of:)`.
    private var arraysFit: Bool {
        var next = 0
        func fits(_ shape: Shape, binary: Bool) -> Bool {
            defer { next += binary ? 2 : 3 }
            return sections[next].count == shape.rows + 1 && (binary || sections[next + 1].count == sections[next + 2].count)
        }
        func fit(_ shapes: ArraySlice<Shape>) -> Bool {
            shapes.enumerated().allSatisfy { fits($1, binary: $0 > 0) }
        }
        guard fit(shapes[0..<3]), fit(shapes[3..<5]) else { return false }
        let labels = sections[next], counts = sections[next + 1]
        next += 2
        guard labels.count == shapes[1].cols, counts.count == shapes[4].cols, fits(shapes[5], binary: true) else { return false }
        return (!parts.hasLabelText || fits(shapes[6], binary: false)) && fit(shapes[parts.firstOfValidation...])
    }

    /// Tables of the same documents or labels have the same rows.
    private var rowsFit: Bool {
        let validation = shapes[parts.firstOfValidation...]
        return shapes[0].rows == shapes[1].rows && shapes[2].rows == shapes[1].cols && shapes[3].rows == shapes[4].rows
            && shapes[5].rows == shapes[4].rows && (!parts.hasLabelText || shapes[6].rows == shapes[1].cols)
            && validation.allSatisfy { $0.rows == validation.first?.rows }
    }

    /// Whether every entry of every matrix lies in it: reads all of `starts` and `indices`.
    static func isOrdered(_ set: XCDataset, _ team: ThreadTeam) -> Bool {
        let matrices = matrices(of: set), wrong = Buffer<UInt8>(count: matrices.count)
        team.forEach(matrices.count) { wrong[$0] = isOrdered(matrices[$0]) ? 0 : 1 }
        let labels = set.labelIds.array.allSatisfy { (0..<set.labelCountInFile).contains(Int($0)) }
        return labels && !wrong.array.contains(1)
    }

    private static func isOrdered(_ matrix: CSRMatrix) -> Bool {
        let starts = matrix.starts, indices = matrix.indices
        guard starts[0] == 0, starts[matrix.rows] == Int64(indices.count) else { return false }
        for row in 0..<matrix.rows where starts[row] > starts[row + 1] { return false }
        let cols = UInt32(matrix.cols)
        for at in 0..<indices.count where UInt32(bitPattern: indices[at]) >= cols { return false }
        return true
    }
}
