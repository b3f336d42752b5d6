import Kernels
import Support

/// Sparse documents by rows and by columns, and memory for the threads that solve labels.
final class CPULinearProblem: LinearProblem, @unchecked Sendable {
    private let rows: CSRMatrix
    private let values: Buffer<Float>
    private let columnStarts: Buffer<Int64>, columnRows: Buffer<Int32>, columnValues: Buffer<Float>, columnSums: Buffer<Double>
    private let sumsSquared: Double
    private let spaces = Pool<LabelSpace>()

    init(_ documents: CSRMatrix) {
        rows = documents
        values = documents.values ?? Buffer([Float](repeating: 1, count: documents.nonZeros))
        columnStarts = Buffer(count: documents.cols + 1)
        columnRows = Buffer(count: documents.nonZeros)
        columnValues = Buffer(count: documents.nonZeros)
        columnSums = Buffer(count: documents.cols)
        sumsSquared = dx_sparse_columns(
            documents.rows, documents.cols, documents.starts.pointer, documents.indices.pointer, values.pointer,
            columnStarts.pointer, columnRows.pointer, columnValues.pointer, columnSums.pointer)
        super.init(documents: documents.rows, features: documents.cols)
    }

    private var kernel: dx_sparse_documents {
        dx_sparse_documents(
            rows: documents, cols: features, starts: rows.starts.pointer, columns: rows.indices.pointer, values: values.pointer,
            col_starts: columnStarts.pointer, col_rows: columnRows.pointer, col_values: columnValues.pointer,
            col_sums: columnSums.pointer, sums_squared: sumsSquared)
    }

    /// The classifier of one label; by any thread.
    func solve(_ positives: CSRMatrix, label: Int, _ settings: LinearSettings) -> LinearRow {
        let bytes = dx_newton_sparse_workspace(documents, features, rows.nonZeros)
        return spaces.lend(make: { LabelSpace(features: features, bytes: bytes) }) { space in
            solve(positives.range(label), of: positives.indices, settings, space)
        }
    }

    private func solve(_ range: Range<Int>, of positives: Buffer<Int32>, _ settings: LinearSettings, _ space: LabelSpace)
        -> LinearRow
    {
        var documents = kernel, biasWeight = 0.0
        let own = positives.pointer + range.lowerBound, columns = space.columns.pointer, weights = space.weights.pointer
        let start = dx_newton_mean_start(
            &documents, own, range.count, settings.biasFeature, columns, weights, &biasWeight, space.workspace.pointer)
        let result = dx_newton_sparse(
            &documents, own, range.count, settings.kernel, start, columns, weights, &biasWeight, space.workspace.pointer)
        let count = dx_linear_prune(columns, weights, result.count, settings.threshold, columns, weights)
        return LinearRow(
            columns: Array(UnsafeBufferPointer(start: columns, count: count)),
            weights: Array(UnsafeBufferPointer(start: weights, count: count)), bias: Float(biasWeight * settings.biasFeature),
            isAccurate: result.gradient <= result.tolerance)
    }
}

extension LinearSettings {
    /// As the kernels take it.
    var kernel: dx_newton_settings {
        dx_newton_settings(cost: cost, bias: biasFeature, eps: accuracy, max_products: maxProducts)
    }
}

/// What one thread needs to solve a label.
private final class LabelSpace: Sendable {
    let columns: Buffer<Int32>, weights: Buffer<Float>, workspace: Buffer<UInt8>

    init(features: Int, bytes: Int) {
        columns = Buffer(count: features)
        weights = Buffer(count: features)
        workspace = Buffer(count: bytes)
    }
}
