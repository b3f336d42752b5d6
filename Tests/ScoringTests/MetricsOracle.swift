import Foundation
import Scoring
import Support

/// Tests/oracles/metrics.json, written by Tests/oracles/metrics.py (numpy, scipy).
struct MetricsOracle: Decodable {
    struct Matrix: Decodable {
        struct Row: Decodable {
            var columns: [Int32]
            var values: [Float]
        }
        var cols: Int
        var rows: [Row]
        var csr: CSRMatrix { CSRMatrix(cols: cols, rows: rows.map { Array(zip($0.columns, $0.values)) }) }
        var binary: CSRMatrix { CSRMatrix(cols: cols, rows: rows.map { Array(zip($0.columns, $0.values)) }, binary: true) }
    }
    var A: Double, B: Double, beta: Double
    var documents: Int, k: Int
    var counts: [Int32]
    var inversePropensity: [Double]
    var truth: Matrix, filter: Matrix, plain: Matrix, tied: Matrix, other: Matrix, combined: Matrix, top: Matrix, ensemble: Matrix
    var metrics: [String: MetricTable]
    var segments: [String: [SegmentTable]]
    /// scikit-learn's, of the best 1 … 5 labels and of those at or above thresholds.
    struct ByLabel: Decodable {
        var ranks: LabelTable
        var thresholds: [ThresholdFigures]
    }
    var byLabel: [String: ByLabel]

    static func load() throws -> MetricsOracle {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("oracles/metrics.json")
        return try JSONDecoder().decode(MetricsOracle.self, from: Data(contentsOf: path))
    }
}

/// Largest difference of two tables' figures, in points.
func distance(_ a: MetricTable, _ b: MetricTable) -> Double {
    let pairs = [(a.P, b.P), (a.nDCG, b.nDCG), (a.PSP, b.PSP), (a.PSnDCG, b.PSnDCG), (a.R, b.R)]
    return pairs.flatMap { zip($0.0, $0.1).map { abs($0 - $1) } }.max() ?? .infinity
}

func distance(_ a: LabelFigures, _ b: LabelFigures) -> Double {
    [
        a.microP - b.microP, a.microR - b.microR, a.microF1 - b.microF1, a.macroP - b.macroP, a.macroR - b.macroR,
        a.macroF1 - b.macroF1, a.coverage - b.coverage,
    ].map(abs).max() ?? .infinity
}

/// Rows as (column, value) lists, for comparison.
func rows(_ matrix: CSRMatrix) -> [[Int32: Float]] {
    (0..<matrix.rows).map { row in
        Dictionary(uniqueKeysWithValues: zip(matrix.columns(row), matrix.weights(row)))
    }
}

/// Same index sets, ascending, and values within `tolerance`.
func agree(_ a: CSRMatrix, _ b: CSRMatrix, tolerance: Float) -> Bool {
    guard a.rows == b.rows, a.cols == b.cols, a.starts.array == b.starts.array, a.indices.array == b.indices.array,
        let x = a.values?.array, let y = b.values?.array
    else { return false }
    return zip(x, y).allSatisfy { abs($0 - $1) <= tolerance }
}
