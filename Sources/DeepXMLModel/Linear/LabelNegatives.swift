import Devices
import Support

extension TopK {
    /// The lists turned round: which documents have each label in their lists.
    ///
    /// - Parameters:
    ///   - firstRow: the document of the first list.
    ///   - documents: of all lists, here and elsewhere.
    /// - Returns: labels×documents; documents ascend in each row.
    public func byLabel(firstRow: Int, documents: Int, labels: Int) -> CSRMatrix {
        let starts = Buffer<Int64>(count: labels + 1)
        for i in 0..<indices.count where indices[i] >= 0 { starts[Int(indices[i]) + 1] += 1 }
        for label in 0..<labels { starts[label + 1] += starts[label] }
        let next = Buffer<Int64>(count: labels + 1), found = Buffer<Int32>(count: Int(starts[labels]))
        next.copy(from: starts)
        for row in 0..<rows {
            for i in row * k..<(row + 1) * k where indices[i] >= 0 {
                let label = Int(indices[i])
                found[Int(next[label])] = Int32(firstRow + row)
                next[label] += 1
            }
        }
        return CSRMatrix(rows: labels, cols: documents, starts: starts, indices: found, values: nil)
    }
}

extension CSRMatrix {
    /// The rows of several matrices one behind the other: row r of the first, of the second, …
    ///
    /// - Precondition: columns of a later part are behind those of the parts before it, so that they ascend.
    public static func joiningRows(_ parts: [CSRMatrix]) -> CSRMatrix {
        guard let one = parts.first, parts.count > 1 else { return parts[0] }
        let starts = Buffer<Int64>(count: one.rows + 1)
        for row in 0..<one.rows { starts[row + 1] = starts[row] + Int64(parts.reduce(0) { $0 + $1.range(row).count }) }
        let indices = Buffer<Int32>(count: Int(starts[one.rows]))
        var at = 0
        for row in 0..<one.rows {
            for part in parts {
                for entry in part.range(row) {
                    indices[at] = part.indices[entry]
                    at += 1
                }
            }
        }
        return CSRMatrix(rows: one.rows, cols: one.cols, starts: starts, indices: indices, values: nil)
    }
}

extension LabelExamples {
    /// The documents that have a label, and those that lie near it without having it (Slice's negatives, WSDM 2019, §4.2).
    ///
    /// - Parameters:
    ///   - labels: which, as rows of `positives`.
    ///   - positives: L×N, the documents of each label.
    ///   - near: M×N, documents in whose lists a label is; those that have it may be among them.
    ///   - firstLabel: the label of the first row of `near`.
    public init(_ labels: [Int], positives: CSRMatrix, near: CSRMatrix, firstLabel: Int) {
        var documents: [Int32] = [], isPositive: [UInt8] = [], starts: [Int64] = [0]
        for label in labels {
            let own = positives.range(label), other = near.range(label - firstLabel)
            var i = own.lowerBound, j = other.lowerBound
            while i < own.upperBound || j < other.upperBound {
                let a = i < own.upperBound ? positives.indices[i] : .max, b = j < other.upperBound ? near.indices[j] : .max
                documents.append(min(a, b))
                isPositive.append(a <= b ? 1 : 0)
                if a <= b { i += 1 }
                if b <= a { j += 1 }
            }
            starts.append(Int64(documents.count))
        }
        self.init(starts: Buffer(starts), documents: Buffer(documents), isPositive: Buffer(isPositive))
    }
}
