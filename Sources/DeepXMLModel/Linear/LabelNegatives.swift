import Devices
import Support

extension TopK {
    /// The lists turned round: which documents have a label in their lists, for each of the labels in `runs`, in that order.
    ///
    /// - Parameters:
    ///   - firstRow: the document of the first list.
    ///   - documents: of all lists, here and elsewhere.
    ///   - labels: all of them.
    ///   - runs: disjoint runs of labels.
    /// - Returns: the runs' labels × documents; documents ascend in each row.
    public func byLabel(firstRow: Int, documents: Int, labels: Int, runs: [Range<Int>]) -> CSRMatrix {
        let wanted = runs.reduce(0) { $0 + $1.count }, rowOfLabel = Buffer<Int32>(count: labels)
        rowOfLabel.fill(-1)
        for (row, label) in runs.joined().enumerated() { rowOfLabel[label] = Int32(row) }
        func row(_ entry: Int) -> Int { indices[entry] < 0 ? -1 : Int(rowOfLabel[Int(indices[entry])]) }
        let starts = Buffer<Int64>(count: wanted + 1), next = Buffer<Int64>(count: wanted + 1)
        for entry in 0..<indices.count {
            let row = row(entry)
            if row >= 0 { starts[row + 1] += 1 }
        }
        for row in 0..<wanted { starts[row + 1] += starts[row] }
        next.copy(from: starts)
        let found = Buffer<Int32>(count: Int(starts[wanted]))
        for list in 0..<rows {
            for entry in list * k..<(list + 1) * k {
                let row = row(entry)
                if row < 0 { continue }
                found[Int(next[row])] = Int32(firstRow + list)
                next[row] += 1
            }
        }
        return CSRMatrix(rows: wanted, cols: documents, starts: starts, indices: found, values: nil)
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
