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
        weightTables(weightTableArrays(weights: weights, biases: biases))
    }

    public func weightTableBytes(_ weights: Int) -> Int { dx_weight_bytes(weights) }

    public func linearScores(
        _ tables: WeightTables, _ lists: TopK, docs: [Int32], documents: CSRMatrix, firstLabel: Int, into scores: Buffer<Float>
    ) {
        precondition(lists.rows == docs.count && scores.count == lists.indices.count && documents.cols <= tables.features)
        let scorer = scorer(of: tables), rows = SparseRows(documents)
        team.forRanges(docs.count, grain: 4) { range in
            scorer.lend { score in
                for row in range {
                    let entries = documents.range(Int(docs[row])), at = row * lists.k
                    score(
                        PairScoring(
                            columns: documents.indices.pointer + entries.lowerBound,
                            values: rows.values.pointer + entries.lowerBound,
                            count: entries.count, firstLabel: Int32(firstLabel), labels: lists.indices.pointer + at,
                            labelCount: lists.count(row), scores: scores.pointer + at))
                }
            }
        }
    }

    private func scorer(of tables: WeightTables) -> any PairScorer {
        guard let scorer = tables as? any PairScorer else { preconditionFailure("classifiers of another device") }
        return scorer
    }
}

/// One document, the labels that it is scored with, and where the scores go.
struct PairScoring {
    var columns: UnsafeMutablePointer<Int32>, values: UnsafeMutablePointer<Float>
    var count: Int
    var firstLabel: Int32
    var labels: UnsafeMutablePointer<Int32>
    var labelCount: Int
    var scores: UnsafeMutablePointer<Float>
}

/// Classifiers that score single pairs, on any thread.
protocol PairScorer: Sendable {
    /// Calls `body` with what scores one document; it is for the thread that calls.
    func lend(_ body: ((PairScoring) -> Void) -> Void)
}

/// A hash table of weights for each label.
final class CPUWeightTables: WeightTables, PairScorer, @unchecked Sendable {
    private let arrays: WeightTableArrays

    init(_ arrays: WeightTableArrays) {
        self.arrays = arrays
        super.init(labels: arrays.labels, features: arrays.features)
    }

    func lend(_ body: ((PairScoring) -> Void) -> Void) {
        var model = dx_weight_tables(
            labels: labels, starts: arrays.starts.pointer, tables: arrays.tables.pointer, biases: arrays.biases.pointer)
        body { pair in
            dx_sparse_scores(
                &model, pair.firstLabel, pair.columns, pair.values, pair.count, pair.labels, pair.labelCount, pair.scores)
        }
    }
}

/// Narrow rows of weights for each label.
final class CPUNarrowTables: WeightTables, PairScorer, @unchecked Sendable {
    private let classifier: NarrowClassifier
    /// Zeros, one a feature, for each thread.
    private let spaces = Pool<Buffer<Float>>()

    init(_ classifier: NarrowClassifier) {
        precondition(classifier.rows.rows == classifier.biases.count)
        self.classifier = classifier
        super.init(labels: classifier.rows.rows, features: classifier.rows.cols)
    }

    func lend(_ body: ((PairScoring) -> Void) -> Void) {
        var model = classifier.kernel()
        spaces.lend(make: { Buffer(count: features) }) { space in
            body { pair in
                dx_narrow_scores(
                    &model, pair.firstLabel, pair.columns, pair.values, pair.count, pair.labels, pair.labelCount, space.pointer,
                    pair.scores)
            }
        }
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
