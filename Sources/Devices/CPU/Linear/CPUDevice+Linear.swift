import Support
import Synchronization

extension CPUDevice {
    public func linearProblem(_ documents: CSRMatrix) -> LinearProblem { CPULinearProblem(documents) }

    public func trainLinear(
        _ problem: LinearProblem, positives: CSRMatrix, labels: Range<Int>, _ settings: LinearSettings,
        isStopped: @escaping @Sendable () -> Bool
    ) -> LinearRows? {
        assert(problem is CPULinearProblem, "documents of another device")
        precondition(positives.cols == problem.documents && labels.lowerBound >= 0 && labels.upperBound <= positives.rows)
        let problem = unsafeDowncast(problem, to: CPULinearProblem.self), solutions = Solutions(count: labels.count)
        team.forEach(labels.count) { index in
            if isStopped() { return }
            solutions.set(index, problem.solve(positives, label: labels.lowerBound + index, settings))
        }
        return solutions.all().map { LinearRows($0, features: problem.features) }
    }

    public func invertedIndex(weights: CSRMatrix, biases: Buffer<Float>) -> InvertedIndex {
        invertedIndex(invertedArrays(weights: weights, biases: biases))
    }

    public func bestLabels(
        _ index: InvertedIndex, documents: CSRMatrix, docs: [Int32], k: Int, firstLabel: Int
    ) -> TopK {
        assert(index is CPUInvertedIndex, "classifiers of another device")
        precondition(documents.cols <= index.features)
        let index = unsafeDowncast(index, to: CPUInvertedIndex.self), best = TopK(rows: docs.count, k: k)
        team.forRanges(docs.count, grain: 8) { rows in
            index.search(documents, docs: docs, rows: rows, firstLabel: firstLabel, into: best)
        }
        return best
    }
}

/// What the threads of a team have solved so far.
final class Solutions: Sendable {
    private let rows: Mutex<[LinearRow?]>

    init(count: Int) { rows = Mutex([LinearRow?](repeating: nil, count: count)) }

    func set(_ index: Int, _ row: LinearRow) { rows.withLock { $0[index] = row } }

    /// nil where one is missing.
    func all() -> [LinearRow]? {
        rows.withLock { rows in
            let done = rows.compactMap { $0 }
            return done.count == rows.count ? done : nil
        }
    }
}

/// One label's classifier.
struct LinearRow: Sendable {
    var columns: [Int32]
    var weights: [Float]
    var bias: Float
    var isAccurate: Bool
}

extension LinearRows {
    init(_ rows: [LinearRow], features: Int) {
        let starts = Buffer<Int64>(count: rows.count + 1)
        for (index, row) in rows.enumerated() { starts[index + 1] = starts[index] + Int64(row.columns.count) }
        let columns = Buffer<Int32>(count: Int(starts[rows.count])), weights = Buffer<Float>(count: columns.count)
        for (index, row) in rows.enumerated() {
            (columns.pointer + Int(starts[index])).update(from: row.columns, count: row.columns.count)
            (weights.pointer + Int(starts[index])).update(from: row.weights, count: row.weights.count)
        }
        self.init(
            weights: CSRMatrix(rows: rows.count, cols: features, starts: starts, indices: columns, values: weights),
            biases: Buffer(rows.map(\.bias)), inaccurate: rows.count { !$0.isAccurate })
    }
}
