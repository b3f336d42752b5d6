import Kernels
import Testing

/// Coordinate descent in the dual, over all documents, and tables of weights.
@Suite struct LinearDualTests {
    private struct Solution: Equatable {
        var columns: [Int32], weights: [Float], bias: Float, passes: Int, isSolved: Bool

        func dense(_ features: Int) -> [Double] {
            var all = [Double](repeating: 0, count: features)
            for (column, weight) in zip(columns, weights) { all[Int(column)] = Double(weight) }
            return all
        }
    }

    private static let exact = dx_dual_settings(cost: 1, bias: 1, tolerance: 1e-4, max_passes: 20_000, threshold: 0)

    private func workspace(_ problem: SparseProblem, examples: Int) -> Workspace {
        let workspace = Workspace(bytes: dx_dual_workspace(problem.cols, examples, examples * problem.cols))
        dx_dual_begin(workspace.memory, problem.cols)
        return workspace
    }

    private func solve(
        _ problem: SparseProblem, rows: [Int32], positives: Set<Int32>, _ settings: dx_dual_settings, _ workspace: Workspace
    ) -> Solution {
        var columns = [Int32](repeating: -1, count: problem.cols), weights = [Float](repeating: .nan, count: problem.cols)
        let positive = rows.map { UInt8(positives.contains($0) ? 1 : 0) }
        let result = problem.starts.withUnsafeBufferPointer { starts in
            problem.columns.withUnsafeBufferPointer { all in
                problem.values.withUnsafeBufferPointer { values in
                    var x = dx_sparse_rows(starts: starts.baseAddress, columns: all.baseAddress, values: values.baseAddress)
                    return dx_dual_sparse(
                        &x, problem.cols, rows, positive, rows.count, settings, &columns, &weights, workspace.memory)
                }
            }
        }
        return Solution(
            columns: Array(columns.prefix(result.count)), weights: Array(weights.prefix(result.count)), bias: result.bias,
            passes: result.passes, isSolved: result.is_solved != 0)
    }

    /// scikit-learn's LinearSVC (Tests/oracles/linear_svc.py); every fourth feature's weight is in the oracle.
    @Test func followsLIBLINEAR() throws {
        let oracle = try LinearOracle.load().sparse, problem = oracle.problem, all = (0..<Int32(problem.rows)).map { $0 }
        let workspace = workspace(problem, examples: problem.rows)
        for label in oracle.labels.enumerated().filter({ $0.offset % 6 == 0 || $0.offset == 49 }).map(\.element) {
            let solution = solve(problem, rows: all, positives: Set(label.positives), Self.exact, workspace)
            let weights = solution.dense(oracle.features), expected = oracle.weights(label)
            let difference = stride(from: 0, to: oracle.features, by: oracle.every).reduce(0) {
                max($0, abs(weights[$1] - expected[$1]))
            }
            #expect(difference < 1e-3 && abs(Double(solution.bias) - label.bias) < 1e-3)
            #expect(solution.isSolved && solution.passes > 1)
            #expect(solution.columns == solution.columns.sorted())
        }
    }

    /// The same bits whichever labels came before in the workspace.
    @Test func labelsAreIndependent() throws {
        let oracle = try LinearOracle.load().sparse, problem = oracle.problem, used = workspace(problem, examples: 700)
        var settings = Self.exact
        (settings.max_passes, settings.threshold) = (5, 0.02)
        let examples = (0..<8).map { label in (0..<Int32(90 * label)).map { ($0 * 7 + Int32(label)) % 2000 } }
        func solution(_ label: Int, _ workspace: Workspace) -> Solution {
            let positives = Set(examples[label].filter { $0 % Int32(label + 2) == 0 })
            return solve(problem, rows: examples[label].sorted(), positives: positives, settings, workspace)
        }
        let forth = (0..<8).map { solution($0, used) }, back = (0..<8).reversed().map { solution($0, used) }
        let alone = (0..<8).map { solution($0, workspace(problem, examples: 700)) }
        #expect(forth == back.reversed() && forth == alone)
        #expect(forth.dropFirst().allSatisfy { $0.weights.allSatisfy { abs($0) > 0.02 } && !$0.weights.isEmpty })
        #expect(forth[0] == Solution(columns: [], weights: [], bias: 0, passes: 0, isSolved: false))
    }

    /// A loss that weighs nothing, whose ½ ÷ C is infinite, gives weights of nothing, not NaNs.
    @Test(arguments: [1e-30, 1e-45, 1e-300]) func theSmallestCosts(cost: Double) {
        let problem = SparseProblem.random(rows: 40, cols: 30, seed: 4), workspace = workspace(problem, examples: 40)
        var settings = Self.exact
        (settings.cost, settings.threshold) = (cost, 1e-20)
        let solution = solve(problem, rows: (0..<40).map { $0 }, positives: [1, 5], settings, workspace)
        #expect(solution.columns.isEmpty && abs(solution.bias) < 1e-20 && solution.isSolved)
    }

    /// Every feature is found in a table of the size that is asked for, and none that isn't there.
    @Test(arguments: [0, 1, 2, 3, 64, 65, 1000]) func tablesHaveTheirWeights(count: Int) {
        let bytes = dx_weight_bytes(count)
        #expect(bytes >= 8 * count && bytes % 8 == 0 && bytes <= 12 * count + (count == 0 ? 0 : 88))
        // Features that are multiples of a power of two share many bits, and so do the largest ones.
        let columns = (0..<Int32(count)).map { $0 % 2 == 0 ? $0 << 16 : .max - $0 }
        let absent = (0..<Int32(2 * count)).map { $0 << 16 | 5 } + [12345]
        let workspace = Workspace(bytes: bytes), table = workspace.memory.assumingMemoryBound(to: UInt8.self)
        dx_fill_weights(columns, columns.indices.map { Float($0) + 0.5 }, count, table, bytes)
        [Int64(0), Int64(bytes)].withUnsafeBufferPointer { starts in
            [Float(0.25)].withUnsafeBufferPointer { biases in
                var model = dx_weight_tables(
                    labels: 1, starts: starts.baseAddress, tables: table, biases: biases.baseAddress)
                for (i, column) in columns.enumerated() {
                    var score = Float.nan
                    let document = [column] + absent
                    dx_sparse_scores(
                        &model, 3, document, document.map { $0 == column ? 2 : 1 }, document.count, [3], 1, &score)
                    #expect(score == 2 * (Float(i) + 0.5) + 0.25)
                }
                var other: [Float] = [7, 7, 7]
                dx_sparse_scores(&model, 3, [12345], [1], 1, [2, 4, -1], 3, &other)
                #expect(other == [7, 7, 7])
            }
        }
    }
}
