import Devices
import Support

extension CSRMatrix {
    /// Without a share of the values, the smallest first. Of equal values all go or none: a little more than the share may.
    public func withoutSmallest(_ share: Double) -> CSRMatrix {
        guard let values, share > 0, nonZeros > 0 else { return self }
        let least = values.magnitude(ofRank: min(nonZeros - 1, Int(share * Double(nonZeros))), below: share >= 1)
        return keeping { values[$0].magnitude >= least }
    }

    /// The entries that are asked for.
    func keeping(_ isKept: (_ entry: Int) -> Bool, value: ((_ entry: Int) -> Float)? = nil) -> CSRMatrix {
        let kept = Buffer<Int64>(count: rows + 1)
        for row in 0..<rows { kept[row + 1] = kept[row] + Int64(range(row).count(where: isKept)) }
        let columns = Buffer<Int32>(count: Int(kept[rows])), weights = Buffer<Float>(count: columns.count)
        var at = 0
        for entry in 0..<nonZeros where isKept(entry) {
            (columns[at], weights[at]) = (indices[entry], value?(entry) ?? values?[entry] ?? 1)
            at += 1
        }
        return CSRMatrix(rows: rows, cols: cols, starts: kept, indices: columns, values: weights)
    }

    /// Each row's values as whole numbers from −127 to 127, times a scale of the row; those that become 0 are left out.
    public func quantisedRows() -> (matrix: CSRMatrix, scales: Buffer<Float>) {
        let scales = Buffer<Float>(count: rows), whole = Buffer<Float>(count: nonZeros)
        guard let values else { preconditionFailure("a matrix without values") }
        for row in 0..<rows {
            let scale = (weights(row).lazy.map(\.magnitude).max() ?? 0) / 127
            scales[row] = scale
            for entry in range(row) where scale > 0 {
                // Among numbers too small to be divided well, the quotient may be larger than a byte holds.
                whole[entry] = max(-127, min(127, (values[entry] / scale).rounded(.toNearestOrEven)))
            }
        }
        return (keeping({ whole[$0] != 0 }, value: { whole[$0] }), scales)
    }
}

extension Buffer<Float> {
    /// The size of the number of this rank by size, from 0; where `below`, of one that is larger than all.
    fileprivate func magnitude(ofRank rank: Int, below: Bool) -> Float {
        if below { return .infinity }
        // By the upper half of the bits, then among those that share it by the lower: sizes ascend with their bits.
        func count(_ digit: (UInt32) -> Int?) -> [Int] {
            var counts = [Int](repeating: 0, count: 1 << 16)
            for place in 0..<self.count {
                if let digit = digit(self[place].magnitude.bitPattern) { counts[digit] += 1 }
            }
            return counts
        }
        func place(of rank: inout Int, in counts: [Int]) -> Int {
            var digit = 0
            while rank >= counts[digit] {
                rank -= counts[digit]
                digit += 1
            }
            return digit
        }
        var left = rank
        let upper = place(of: &left, in: count { Int($0 >> 16) })
        let lower = place(of: &left, in: count { Int($0 >> 16) == upper ? Int($0 & 0xFFFF) : nil })
        return Float(bitPattern: UInt32(upper) << 16 | UInt32(lower))
    }
}

extension SparseClassifier {
    /// In few bytes, by label.
    public func narrowed(_ weights: NarrowWeights, on device: any Device) -> NarrowClassifier {
        guard weights == .int8 else {
            return NarrowClassifier(rows: device.narrowRows(self.weights, weights), scales: nil, biases: biases)
        }
        let (whole, scales) = self.weights.quantisedRows()
        return NarrowClassifier(rows: device.narrowRows(whole, weights), scales: scales, biases: biases)
    }
}

extension NarrowClassifier {
    /// By feature where it is by label, and the other way round.
    public func turned(on device: any Device) -> NarrowClassifier {
        NarrowClassifier(
            rows: device.narrowRows(device.matrix(rows).transposed(), rows.weights), scales: scales, biases: biases)
    }

    /// Neighbouring labels alone, of a classifier by feature: labels are numbered from 0.
    public func part(_ labels: Range<Int>, on device: any Device) -> NarrowClassifier {
        let byLabel = device.matrix(rows).transposed().block(labels)
        return NarrowClassifier(
            rows: device.narrowRows(byLabel.transposed(), rows.weights), scales: scales?.view(labels), biases: biases.view(labels)
        )
    }
}
