import Kernels
import Support

// Sparse classifiers as arrays that can be stored.
extension CPUDevice {
    public func invertedArrays(weights: CSRMatrix, biases: Buffer<Float>) -> InvertedArrays {
        precondition(weights.rows == biases.count && weights.values != nil)
        let starts = Buffer<Int64>(count: weights.cols + 1), labelIds = Buffer<Int32>(count: weights.nonZeros)
        let byFeature = Buffer<Float>(count: weights.nonZeros)
        if let values = weights.values {
            dx_invert_model(
                weights.rows, weights.cols, weights.starts.pointer, weights.indices.pointer, values.pointer, starts.pointer,
                labelIds.pointer, byFeature.pointer)
        }
        return InvertedArrays(
            features: weights.cols, starts: starts, labelIds: labelIds, weights: byFeature, biases: biases,
            byBias: orderByBias(biases))
    }

    public func invertedIndex(_ arrays: InvertedArrays) -> InvertedIndex { CPUInvertedIndex(arrays) }

    public func part(_ arrays: InvertedArrays, _ labels: Range<Int>) -> InvertedArrays {
        let starts = Buffer<Int64>(count: arrays.features + 1), whole = arrays.starts
        let first = Int32(labels.lowerBound), last = Int32(labels.upperBound)
        team.forRanges(arrays.features, grain: 256) { range in
            for feature in range {
                let own = arrays.labelIds[Int(whole[feature])..<Int(whole[feature + 1])]
                starts[feature + 1] = Int64(own.place(of: last) - own.place(of: first))
            }
        }
        for feature in 0..<arrays.features { starts[feature + 1] += starts[feature] }
        let ids = Buffer<Int32>(count: Int(starts[arrays.features])), weights = Buffer<Float>(count: ids.count)
        team.forRanges(arrays.features, grain: 256) { range in
            for feature in range {
                let begin = Int(whole[feature])
                let from = begin + arrays.labelIds[begin..<Int(whole[feature + 1])].place(of: first)
                for (at, entry) in (Int(starts[feature])..<Int(starts[feature + 1])).enumerated() {
                    (ids[entry], weights[entry]) = (arrays.labelIds[from + at] - first, arrays.weights[from + at])
                }
            }
        }
        let biases = arrays.biases.view(labels)
        return InvertedArrays(
            features: arrays.features, starts: starts, labelIds: ids, weights: weights, biases: biases,
            byBias: orderByBias(biases))
    }

    func orderByBias(_ biases: Buffer<Float>) -> Buffer<Int32> {
        let byBias = Buffer<Int32>(count: biases.count), spare = Buffer<Int32>(count: 3 * biases.count)
        dx_order_by_bias(biases.pointer, biases.count, byBias.pointer, spare.pointer)
        return byBias
    }

    public func weightTableArrays(weights: CSRMatrix, biases: Buffer<Float>) -> WeightTableArrays {
        precondition(weights.rows == biases.count && weights.values != nil)
        let starts = Buffer<Int64>(count: weights.rows + 1)
        for row in 0..<weights.rows { starts[row + 1] = starts[row] + Int64(dx_weight_bytes(weights.range(row).count)) }
        let tables = Buffer<UInt8>(count: Int(starts[weights.rows]))
        if let values = weights.values {
            team.forRanges(weights.rows, grain: 256) { range in
                for row in range {
                    let entries = weights.range(row)
                    dx_fill_weights(
                        weights.indices.pointer + entries.lowerBound, values.pointer + entries.lowerBound, entries.count,
                        tables.pointer + Int(starts[row]), Int(starts[row + 1] - starts[row]))
                }
            }
        }
        return WeightTableArrays(features: weights.cols, starts: starts, tables: tables, biases: biases)
    }

    public func weightTables(_ arrays: WeightTableArrays) -> WeightTables { CPUWeightTables(arrays) }
}

// The same in few bytes.
extension CPUDevice {
    public func narrowRows(_ matrix: CSRMatrix, _ weights: NarrowWeights) -> NarrowRows {
        guard let values = matrix.values else { preconditionFailure("a matrix without values") }
        let starts = Buffer<Int64>(count: matrix.rows + 1), width = Int32(weights.width)
        func pack(_ row: Int, into bytes: UnsafeMutablePointer<UInt8>?) -> Int {
            let own = matrix.range(row), at = own.lowerBound
            return dx_narrow_pack(matrix.indices.pointer + at, values.pointer + at, own.count, width, bytes)
        }
        for row in 0..<matrix.rows { starts[row + 1] = starts[row] + Int64(pack(row, into: nil)) }
        let bytes = Buffer<UInt8>(count: Int(starts[matrix.rows]))
        for row in 0..<matrix.rows { _ = pack(row, into: bytes.pointer + Int(starts[row])) }
        return NarrowRows(rows: matrix.rows, cols: matrix.cols, weights: weights, starts: starts, bytes: bytes)
    }

    public func matrix(_ rows: NarrowRows) -> CSRMatrix {
        let starts = Buffer<Int64>(count: rows.rows + 1), width = Int32(rows.weights.width)
        func unpack(_ row: Int, _ columns: UnsafeMutablePointer<Int32>?, _ values: UnsafeMutablePointer<Float>?) -> Int {
            let from = Int(rows.starts[row]), count = Int(rows.starts[row + 1]) - from
            return dx_narrow_unpack(rows.bytes.pointer + from, count, width, columns, values)
        }
        for row in 0..<rows.rows { starts[row + 1] = starts[row] + Int64(unpack(row, nil, nil)) }
        let columns = Buffer<Int32>(count: Int(starts[rows.rows])), values = Buffer<Float>(count: columns.count)
        for row in 0..<rows.rows {
            let at = Int(starts[row])
            _ = unpack(row, columns.pointer + at, values.pointer + at)
        }
        return CSRMatrix(rows: rows.rows, cols: rows.cols, starts: starts, indices: columns, values: values)
    }

    public func invertedIndex(_ classifier: NarrowClassifier) -> InvertedIndex {
        CPUInvertedIndex(classifier, byBias: orderByBias(classifier.biases))
    }

    public func weightTables(_ classifier: NarrowClassifier) -> WeightTables { CPUNarrowTables(classifier) }
}

extension NarrowClassifier {
    /// As kernels take it.
    ///
    /// - Parameter byBias: nil: by label, where it is not needed.
    func kernel(byBias: Buffer<Int32>? = nil) -> dx_narrow_model {
        dx_narrow_model(
            labels: biases.count, width: Int32(rows.weights.width), starts: rows.starts.pointer, bytes: rows.bytes.pointer,
            scales: scales?.pointer, biases: biases.pointer, by_bias: byBias?.pointer)
    }
}

extension BufferSlice<Int32> {
    /// How many elements of an ascending list are smaller.
    fileprivate func place(of element: Int32) -> Int {
        var low = 0, high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
