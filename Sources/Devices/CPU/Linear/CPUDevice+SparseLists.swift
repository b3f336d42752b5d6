import Kernels
import Support

// Linear classifiers on shortlists of sparse documents.
extension CPUDevice {
    public func sparseMeans(of documents: CSRMatrix, members: CSRMatrix, labels: Range<Int>, threshold: Float) -> CSRMatrix {
        precondition(members.cols == documents.rows && labels.upperBound <= members.rows)
        let rows = SparseRows(documents), spaces = Pool<DualSpace>(), solutions = Solutions(count: labels.count)
        team.forEach(labels.count) { index in
            let own = members.range(labels.lowerBound + index)
            spaces.lend(make: { DualSpace(features: documents.cols) }) { space in
                var x = rows.kernel
                let count = dx_sparse_mean(
                    &x, documents.cols, members.indices.pointer + own.lowerBound, own.count, threshold, space.columns.pointer,
                    space.weights.pointer, space.workspace.pointer)
                solutions.set(index, space.row(count, bias: 0, isAccurate: true))
            }
        }
        return LinearRows(solutions.all() ?? [], features: documents.cols).weights
    }

    public func trainLinear(
        _ documents: CSRMatrix, _ examples: LabelExamples, _ settings: DualLinearSettings,
        isStopped: @escaping @Sendable () -> Bool
    ) -> LinearRows? {
        let rows = SparseRows(documents), spaces = Pool<DualSpace>(), solutions = Solutions(count: examples.labels)
        let most = (0..<examples.labels).map { examples.range($0).count }.max() ?? 0
        let entries =
            (0..<examples.labels).map { label in
                examples.range(label).reduce(0) { $0 + documents.range(Int(examples.documents[$1])).count }
            }.max() ?? 0
        // The largest first, so that no thread is left with one of them in the end.
        let order = (0..<examples.labels).sorted { (examples.range($0).count, $1) > (examples.range($1).count, $0) }
        team.forEach(order.count) { place in
            if isStopped() { return }
            let label = order[place]
            spaces.lend(make: { DualSpace(features: documents.cols, examples: most, entries: entries) }) { space in
                solutions.set(label, space.solve(rows, examples, label, settings, features: documents.cols))
            }
        }
        return solutions.all().map { LinearRows($0, features: documents.cols) }
    }

    public func weightTables(weights: CSRMatrix, biases: Buffer<Float>) -> WeightTables {
        CPUWeightTables(weights: weights, biases: biases, team: team)
    }

    public func weightTableBytes(_ weights: Int) -> Int { dx_weight_places(weights) * MemoryLayout<dx_weight>.stride }

    public func linearScores(
        _ tables: WeightTables, _ lists: TopK, docs: [Int32], documents: CSRMatrix, firstLabel: Int, into scores: Buffer<Float>
    ) {
        assert(tables is CPUWeightTables, "classifiers of another device")
        precondition(lists.rows == docs.count && scores.count == lists.indices.count && documents.cols <= tables.features)
        let tables = unsafeDowncast(tables, to: CPUWeightTables.self), rows = SparseRows(documents)
        team.forRanges(docs.count, grain: 4) { range in
            var kernel = tables.kernel
            for row in range {
                let entries = documents.range(Int(docs[row])), at = row * lists.k
                dx_sparse_scores(
                    &kernel, Int32(firstLabel), documents.indices.pointer + entries.lowerBound,
                    rows.values.pointer + entries.lowerBound, entries.count, lists.indices.pointer + at, lists.count(row),
                    scores.pointer + at)
            }
        }
    }
}

/// A hash table of weights for each label.
private final class CPUWeightTables: WeightTables, @unchecked Sendable {
    private let starts: Buffer<Int64>, places: Buffer<dx_weight>, biases: Buffer<Float>

    init(weights: CSRMatrix, biases: Buffer<Float>, team: ThreadTeam) {
        precondition(weights.rows == biases.count && weights.values != nil)
        let starts = Buffer<Int64>(count: weights.rows + 1)
        for row in 0..<weights.rows { starts[row + 1] = starts[row] + Int64(dx_weight_places(weights.range(row).count)) }
        let places = Buffer<dx_weight>(count: Int(starts[weights.rows]))
        (self.starts, self.places, self.biases) = (starts, places, biases)
        super.init(labels: weights.rows, features: weights.cols)
        guard let values = weights.values else { return }
        team.forRanges(weights.rows, grain: 256) { range in
            for row in range {
                let entries = weights.range(row)
                dx_fill_weights(
                    weights.indices.pointer + entries.lowerBound, values.pointer + entries.lowerBound, entries.count,
                    places.pointer + Int(starts[row]), Int(starts[row + 1] - starts[row]))
            }
        }
    }

    var kernel: dx_weight_tables {
        dx_weight_tables(labels: labels, starts: starts.pointer, places: places.pointer, biases: biases.pointer)
    }
}

/// A sparse matrix by rows as kernels take it; without values, each is 1.
private struct SparseRows: Sendable {
    let matrix: CSRMatrix
    let values: Buffer<Float>

    init(_ matrix: CSRMatrix) {
        self.matrix = matrix
        values = matrix.values ?? Buffer([Float](repeating: 1, count: matrix.nonZeros))
    }

    var kernel: dx_sparse_rows {
        dx_sparse_rows(starts: matrix.starts.pointer, columns: matrix.indices.pointer, values: values.pointer)
    }
}

/// What one thread needs for labels of up to so many examples and entries of these.
private final class DualSpace: Sendable {
    let columns: Buffer<Int32>, weights: Buffer<Float>, workspace: Buffer<UInt8>

    init(features: Int, examples: Int = 0, entries: Int = 0) {
        columns = Buffer(count: features)
        weights = Buffer(count: features)
        workspace = Buffer(count: dx_dual_workspace(features, examples, entries))
        dx_dual_begin(workspace.pointer, features)
    }

    func solve(_ rows: SparseRows, _ examples: LabelExamples, _ label: Int, _ settings: DualLinearSettings, features: Int)
        -> LinearRow
    {
        let own = examples.range(label)
        var x = rows.kernel
        let result = dx_dual_sparse(
            &x, features, examples.documents.pointer + own.lowerBound, examples.isPositive.pointer + own.lowerBound, own.count,
            settings.kernel, columns.pointer, weights.pointer, workspace.pointer)
        return row(result.count, bias: result.bias, isAccurate: result.is_solved != 0 || own.isEmpty)
    }

    /// The first `count` weights.
    func row(_ count: Int, bias: Float, isAccurate: Bool) -> LinearRow {
        LinearRow(
            columns: Array(UnsafeBufferPointer(start: columns.pointer, count: count)),
            weights: Array(UnsafeBufferPointer(start: weights.pointer, count: count)), bias: bias, isAccurate: isAccurate)
    }
}

extension DualLinearSettings {
    /// As the kernels take it.
    fileprivate var kernel: dx_dual_settings {
        dx_dual_settings(
            cost: cost, bias: biasFeature, tolerance: tolerance, max_passes: maxPasses, threshold: threshold)
    }
}
