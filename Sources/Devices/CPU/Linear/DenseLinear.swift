import Kernels
import Support
import Synchronization

extension CPUDevice {
    public func documentVectors(_ features: CSRMatrix, rows: Range<Int>, table: Tensor?, into out: Tensor) {
        precondition(out.rows == rows.count && out.cols == table?.cols ?? features.cols)
        precondition(table == nil || table!.rows == features.cols)
        guard let values = features.values else { preconditionFailure("features without values") }
        team.forRanges(rows.count, grain: 16) { [self] range in
            if let table {
                let docs = range.map { Int32(rows.lowerBound + $0) }
                return sumRows(of: table, features, docs, into: out.rows(range))
            }
            for row in range {
                out.row(row).update(repeating: 0, count: out.cols)
                for entry in features.range(rows.lowerBound + row) { out.row(row)[Int(features.indices[entry])] = values[entry] }
            }
        }
    }

    public func unitMeans(_ documents: Tensor, members: CSRMatrix, labels: Range<Int>, into out: Tensor) {
        precondition(members.cols == documents.rows && out.rows == labels.count && out.stride == documents.stride)
        team.forRanges(labels.count, grain: 8) { range in
            let first = labels.lowerBound + range.lowerBound
            dx_mean_rows(
                documents.pointer, documents.stride, members.starts.pointer, members.indices.pointer, first,
                first + range.count, out.row(range.lowerBound))
            dx_unit_rows(out.row(range.lowerBound), range.count, out.stride)
        }
    }

    public func trainLinear(
        _ documents: Tensor, _ examples: LabelExamples, _ settings: DenseLinearSettings, places: [Int], weights: Tensor,
        biases: Tensor
    ) -> DenseLinearOutcome {
        precondition(places.count == examples.labels && weights.cols == documents.cols && biases.rows == weights.rows)
        precondition(documents.stride % 16 == 0 && weights.stride == documents.stride && biases.stride == 1)
        let rows = dx_dense_documents(values: documents.pointer, cols: documents.cols, ld: documents.stride)
        let kernel = dx_newton_settings(
            cost: settings.cost, bias: settings.bias, eps: settings.eps, max_products: settings.maxProducts)
        // The largest first, so that no thread is left with one of them in the end.
        let order = places.indices.sorted { (examples.range($0).count, $1) > (examples.range($1).count, $0) }
        let sum = Mutex(DenseLinearOutcome())
        nonisolated(unsafe) let x = rows
        team.forEach(order.count) { index in
            let label = order[index], place = places[label]
            let result = solve(x, examples, label, kernel, into: weights.row(place), biases.row(place))
            let isUnsolved = result.gradient > result.tolerance
            sum.withLock { $0 = $0 + .init(labels: 1, unsolved: isUnsolved ? 1 : 0, products: result.products) }
        }
        return sum.withLock { $0 }
    }

    public func linearScores(
        _ pairs: CSRMatrix, rows: Range<Int>, documents: Tensor, firstLabel: Int, weights: Tensor, biases: Tensor
    ) -> Buffer<Float> {
        precondition(documents.rows == rows.count && documents.stride == weights.stride && biases.stride == 1)
        let first = rows.isEmpty ? 0 : pairs.range(rows.lowerBound).lowerBound
        let last = rows.isEmpty ? 0 : pairs.range(rows.upperBound - 1).upperBound
        let scores = Buffer<Float>(count: last - first)
        team.forRanges(rows.count, grain: 4) { range in
            for row in range {
                for entry in pairs.range(rows.lowerBound + row) {
                    let place = Int(pairs.indices[entry]) - firstLabel
                    let product = dx_dot(documents.row(row), weights.row(place), documents.stride)
                    scores[entry - first] = product + biases.row(place).pointee
                }
            }
        }
        return scores
    }
}

/// One label's classifier, from zero.
private func solve(
    _ x: dx_dense_documents, _ examples: LabelExamples, _ label: Int, _ settings: dx_newton_settings,
    into weights: UnsafeMutablePointer<Float>, _ bias: UnsafeMutablePointer<Float>
) -> dx_newton_result {
    let range = examples.range(label)
    weights.update(repeating: 0, count: x.ld)
    bias.pointee = 0
    guard !range.isEmpty else { return dx_newton_result() }
    let workspace = Buffer<UInt8>(count: dx_newton_dense_workspace(range.count, x.ld))
    var biasWeight = 0.0
    let result = dx_newton_dense(
        x, examples.documents.pointer + range.lowerBound, examples.isPositive.pointer + range.lowerBound, range.count,
        settings, weights, &biasWeight, workspace.pointer)
    bias.pointee = Float(biasWeight * settings.bias)
    return result
}
