import Foundation
import Kernels

/// Tests/oracles/linear_svc.json, written by Tests/oracles/linear_svc.py (scikit-learn).
struct LinearOracle: Decodable {
    struct Label: Decodable {
        let positives: [Int32], columns: [Int], weights: [Int], bias: Double
    }
    struct Sparse: Decodable {
        let features: Int, unit: Float, every: Int, documents: [[Int]], labels: [Label]

        var problem: SparseProblem { problem(scale: 1) }

        func problem(scale: Float) -> SparseProblem {
            SparseProblem(
                cols: features,
                documents.map { row in
                    var column = 0
                    return stride(from: 0, to: row.count, by: 2).map { i in
                        column += row[i]
                        return (Int32(column), scale * Float(row[i + 1]) / unit)
                    }
                })
        }

        /// Of features divisible by `every`.
        func weights(_ label: Label) -> [Double] {
            var all = [Double](repeating: 0, count: features), column = 0
            for (step, weight) in zip(label.columns, label.weights) {
                column += step
                all[column] = Double(weight) / 1e4
            }
            return all
        }
    }
    struct Dense: Decodable {
        let unit: Float, matrix: [[Int]], rows: [Int32], positive: [UInt8], featureValue: Double, weights: [Double], bias: Double
    }
    let sparse: Sparse, dense: Dense

    static func load() throws -> LinearOracle {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("oracles/linear_svc.json")
        return try JSONDecoder().decode(LinearOracle.self, from: Data(contentsOf: path))
    }
}

/// Memory for a kernel, filled with what upsets arithmetic: NaNs.
final class Workspace {
    let memory: UnsafeMutableRawPointer
    init(bytes: Int) {
        memory = .allocate(byteCount: bytes + 64, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0xFF, count: bytes + 64)
    }
    deinit { memory.deallocate() }
}

/// One label's classifier: weights of all features.
struct LinearSolution: Equatable {
    var weights: [Float], bias: Double
    var columns: [Int32] = []
    var steps = 0, gradient = 0.0, tolerance = 0.0
}

/// Sparse documents in rows and columns.
struct SparseProblem {
    let rows: Int, cols: Int
    let starts: [Int64], columns: [Int32], values: [Float]
    var columnStarts: [Int64], columnRows: [Int32], columnValues: [Float], columnSums: [Double], sumsSquared = 0.0

    init(cols: Int, _ documents: [[(Int32, Float)]]) {
        (rows, self.cols) = (documents.count, cols)
        starts = documents.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int64($1.count)) }
        columns = documents.flatMap { $0.map(\.0) }
        values = documents.flatMap { $0.map(\.1) }
        columnStarts = [Int64](repeating: -1, count: cols + 1)
        columnRows = [Int32](repeating: -1, count: columns.count)
        columnValues = [Float](repeating: .nan, count: columns.count)
        columnSums = [Double](repeating: .nan, count: cols)
        sumsSquared = dx_sparse_columns(
            rows, cols, starts, columns, values, &columnStarts, &columnRows, &columnValues, &columnSums)
    }

    /// Documents of a few frequent features and some rare ones.
    static func random(rows: Int, cols: Int, seed: UInt64) -> SparseProblem {
        var sample = Sample(seed)
        return SparseProblem(
            cols: cols,
            (0..<rows).map { _ in
                let count = sample.below(12)
                let drawn = Set((0..<count).map { _ in sample.below(1 + sample.below(cols)) })
                return drawn.sorted().map { (Int32($0), sample.float()) }
            })
    }

    var workspace: Workspace { Workspace(bytes: dx_newton_sparse_workspace(rows, cols, columns.count)) }

    private func withDocuments<Result>(_ body: (dx_sparse_documents) -> Result) -> Result {
        starts.withUnsafeBufferPointer { starts in
            columns.withUnsafeBufferPointer { columns in
                values.withUnsafeBufferPointer { values in
                    columnStarts.withUnsafeBufferPointer { columnStarts in
                        columnRows.withUnsafeBufferPointer { columnRows in
                            columnValues.withUnsafeBufferPointer { columnValues in
                                columnSums.withUnsafeBufferPointer { columnSums in
                                    body(
                                        dx_sparse_documents(
                                            rows: rows, cols: cols, starts: starts.baseAddress, columns: columns.baseAddress,
                                            values: values.baseAddress, col_starts: columnStarts.baseAddress,
                                            col_rows: columnRows.baseAddress, col_values: columnValues.baseAddress,
                                            col_sums: columnSums.baseAddress, sums_squared: sumsSquared))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// - Parameter products: no more than so; 0: the start itself.
    func solve(
        _ positives: [Int32], cost: Double = 1, bias: Double = 1, eps: Double = 1e-6, meanStart: Bool = false,
        products: Int = 100_000,
        _ workspace: Workspace
    ) -> LinearSolution {
        var found = [Int32](repeating: -1, count: cols), weights = [Float](repeating: .nan, count: cols), biasWeight = 0.0
        let settings = dx_newton_settings(cost: cost, bias: bias, eps: eps, max_products: products)
        let result = withDocuments { documents in
            var documents = documents
            let start =
                meanStart
                ? dx_newton_mean_start(
                    &documents, positives, positives.count, bias, &found, &weights, &biasWeight, workspace.memory)
                : 0
            return dx_newton_sparse(
                &documents, positives, positives.count, settings, start, &found, &weights, &biasWeight, workspace.memory)
        }
        var solution = LinearSolution(weights: [Float](repeating: 0, count: cols), bias: biasWeight)
        solution.columns = Array(found.prefix(result.count))
        for (column, weight) in zip(found, weights).prefix(result.count) { solution.weights[Int(column)] = weight }
        (solution.steps, solution.gradient, solution.tolerance) = (result.steps, result.gradient, result.tolerance)
        return solution
    }

    var dense: [[Double]] {
        (0..<rows).map { row in
            var out = [Double](repeating: 0, count: cols)
            for i in Int(starts[row])..<Int(starts[row + 1]) { out[Int(columns[i])] = Double(values[i]) }
            return out
        }
    }
}

/// The objective's gradient by its formula, in double precision; the bias comes last.
func linearGradient(
    _ rows: [[Double]], _ positive: [Bool], weights: [Double], biasWeight: Double, bias: Double, cost: Double
) -> [Double] {
    var gradient = weights + [biasWeight]
    for (row, isPositive) in zip(rows, positive) {
        let y = isPositive ? 1.0 : -1, score = zip(row, weights).reduce(biasWeight * bias) { $0 + $1.0 * $1.1 }
        let slope = -2 * cost * y * max(0, 1 - y * score)
        for c in row.indices { gradient[c] += slope * row[c] }
        gradient[row.count] += slope * bias
    }
    return gradient
}

