import Kernels
import Testing

@Suite struct LinearNewtonTests {
    /// LIBLINEAR's solutions, from either start; every fourth feature's weight is in the oracle.
    @Test(arguments: [false, true]) func sparseFollowsLIBLINEAR(meanStart: Bool) throws {
        let oracle = try LinearOracle.load().sparse, problem = oracle.problem, workspace = problem.workspace
        #expect(oracle.labels.count == 50)
        for label in oracle.labels {
            let solution = problem.solve(label.positives, meanStart: meanStart, workspace), expected = oracle.weights(label)
            let difference = stride(from: 0, to: oracle.features, by: oracle.every).reduce(0) {
                max($0, abs(Double(solution.weights[$1]) - expected[$1]))
            }
            #expect(difference < 1e-3 && abs(solution.bias - label.bias) < 1e-3)
            #expect(solution.gradient <= solution.tolerance)
        }
    }

    @Test func theMeansSaveSteps() throws {
        let oracle = try LinearOracle.load().sparse, problem = oracle.problem, workspace = problem.workspace
        let steps = [false, true].map { meanStart in
            oracle.labels.reduce(0) { $0 + problem.solve($1.positives, eps: 0.01, meanStart: meanStart, workspace).steps }
        }
        #expect(Double(steps[1]) < 0.9 * Double(steps[0]))
    }

    /// The positives' mean gets the margin 1 and the negatives' −1.
    @Test(arguments: [1, 0, 0.5]) func theMeansAreSeparated(bias: Double) {
        let problem = SparseProblem.random(rows: 200, cols: 90, seed: 3), positives: [Int32] = [4, 5, 44, 120, 199]
        let start = problem.solve(positives, bias: bias, meanStart: true, products: 0, problem.workspace)
        var sums = [0.0, 0.0]
        for (row, values) in problem.dense.enumerated() {
            let score = zip(values, start.weights).reduce(start.bias * bias) { $0 + $1.0 * Double($1.1) }
            sums[positives.contains(Int32(row)) ? 1 : 0] += score
        }
        #expect(abs(sums[0] / 195 + 1) < 1e-5 && abs(sums[1] / 5 - 1) < 1e-5)
    }

    /// Any cost, bias and number of positives: the gradient by the formula, over all features, is as small as asked, and as said.
    @Test(
        arguments: [
            (1, 1, []), (1, 1, [7]), (3, 0, [0, 9, 100]), (0.1, 2, Array(0..<150)), (1, 1, Array(0..<151)), (20, 1, [3, 150]),
        ]
            as [(Double, Double, [Int32])])
    func theGradientVanishes(cost: Double, bias: Double, positives: [Int32]) {
        let problem = SparseProblem.random(rows: 151, cols: 77, seed: 5), rows = problem.dense
        let positive = (0..<151).map { positives.contains(Int32($0)) }
        func gradient(_ weights: [Double], _ biasWeight: Double) -> Double {
            norm(linearGradient(rows, positive, weights: weights, biasWeight: biasWeight, bias: bias, cost: cost))
        }
        let first = gradient([Double](repeating: 0, count: 77), 0)
        for eps in [0.1, 1e-3] {
            let solution = problem.solve(positives, cost: cost, bias: bias, eps: eps, problem.workspace)
            let last = gradient(solution.weights.map(Double.init), solution.bias)
            let fewer = max(1, min(positives.count, 151 - positives.count))
            #expect(abs(solution.tolerance - eps * Double(fewer) / 151 * first) < 1e-9 * first)
            #expect(solution.gradient <= solution.tolerance)
            #expect(abs(last - solution.gradient) < 1e-4 * solution.tolerance + 1e-5 * cost)
            #expect(solution.columns == solution.columns.sorted() && Set(solution.columns).count == solution.columns.count)
            #expect(bias != 0 || solution.bias == 0)
        }
    }

    /// Features that aren't scaled: full steps would wake documents by the thousand, and never end.
    @Test func largeFeaturesEndToo() throws {
        let oracle = try LinearOracle.load().sparse, problem = oracle.problem(scale: 8), workspace = problem.workspace
        for label in oracle.labels.prefix(20) {
            let solution = problem.solve(label.positives, eps: 1e-3, workspace)
            #expect(solution.gradient <= solution.tolerance && solution.steps < 200)
        }
    }

    /// The same bits whatever the workspace held, and whichever labels came before.
    @Test func labelsAreIndependent() throws {
        let oracle = try LinearOracle.load().sparse, problem = oracle.problem, used = problem.workspace
        let labels = Array(oracle.labels.suffix(12))
        for meanStart in [false, true] {
            let forth = labels.map { problem.solve($0.positives, eps: 0.01, meanStart: meanStart, used) }
            let back = labels.reversed().map { problem.solve($0.positives, eps: 0.01, meanStart: meanStart, used) }
            let alone = labels.map { problem.solve($0.positives, eps: 0.01, meanStart: meanStart, problem.workspace) }
            #expect(forth == back.reversed() && forth == alone)
        }
    }

    @Test func columnsOfRows() {
        let problem = SparseProblem.random(rows: 60, cols: 40, seed: 6), rows = problem.dense
        var sums = 0.0
        for c in 0..<40 {
            let range = Int(problem.columnStarts[c])..<Int(problem.columnStarts[c + 1])
            let expected = (0..<60).filter { rows[$0][c] != 0 }
            #expect(problem.columnRows[range].map(Int.init) == expected)
            #expect(problem.columnValues[range].map(Double.init) == expected.map { rows[$0][c] })
            let sum = expected.reduce(0) { $0 + rows[$1][c] }
            #expect(abs(problem.columnSums[c] - sum) < 1e-12)
            sums += sum * sum
        }
        #expect(abs(problem.sumsSquared - sums) < 1e-9)
    }

    @Test func pruningKeepsWhatIsLarge() {
        let weights: [Float] = [0.5, -0.01, 0.0101, 0, -3, 0.01, .nan]
        var columns = [Int32](repeating: -1, count: 7), kept = [Float](repeating: 0, count: 7)
        #expect(dx_linear_prune(nil, weights, 7, 0.01, nil, nil) == 3)
        #expect(dx_linear_prune(nil, weights, 7, 0.01, &columns, &kept) == 3)
        #expect(columns.prefix(3) == [0, 2, 4] && kept.prefix(3) == [0.5, 0.0101, -3])
        #expect(dx_linear_prune([9, 11, 20, 21, 30, 31, 40], weights, 7, 0.01, &columns, &kept) == 3)
        #expect(columns.prefix(3) == [9, 20, 30] && kept.prefix(3) == [0.5, 0.0101, -3])
    }
}
