import Kernels
import Testing

/// Dense documents, and those of them that a label is learned from.
private struct DenseProblem {
    let cols: Int, ld: Int, matrix: [Float], rows: [Int32], positive: [UInt8]

    init(cols: Int, matrix: [[Float]], rows: [Int32], positive: [UInt8]) {
        let ld = (cols + 15) / 16 * 16
        (self.cols, self.ld, self.rows, self.positive) = (cols, ld, rows, positive)
        self.matrix = matrix.flatMap { $0 + [Float](repeating: 0, count: ld - cols) }
    }

    static func random(documents: Int, count: Int, cols: Int, seed: UInt64) -> DenseProblem {
        var sample = Sample(seed)
        let matrix = (0..<documents).map { _ in sample.floats(cols) }
        let rows = Set((0..<count).map { _ in sample.below(documents) }).sorted()
        let positive = rows.map { matrix[$0][0] + 0.5 * sample.float() > 0.6 ? UInt8(1) : 0 }
        return DenseProblem(cols: cols, matrix: matrix, rows: rows.map(Int32.init), positive: positive)
    }

    var workspace: Workspace { Workspace(bytes: dx_newton_dense_workspace(rows.count, ld)) }

    func solve(cost: Double = 1, bias: Double = 1, eps: Double = 1e-5, from start: LinearSolution? = nil, _ workspace: Workspace)
        -> LinearSolution
    {
        var weights = start?.weights ?? [Float](repeating: 0, count: ld), biasWeight = start?.bias ?? 0
        let result = matrix.withUnsafeBufferPointer {
            dx_newton_dense(
                dx_dense_documents(values: $0.baseAddress, cols: cols, ld: ld), rows, positive, rows.count,
                dx_newton_settings(cost: cost, bias: bias, eps: eps, max_products: 100_000), &weights, &biasWeight,
                workspace.memory)
        }
        var solution = LinearSolution(weights: weights, bias: biasWeight)
        (solution.steps, solution.gradient, solution.tolerance) = (result.steps, result.gradient, result.tolerance)
        return solution
    }

    func gradient(_ weights: [Float], _ biasWeight: Double, bias: Double, cost: Double) -> Double {
        let values = rows.map { row in (0..<cols).map { Double(matrix[Int(row) * ld + $0]) } }
        return norm(
            linearGradient(
                values, positive.map { $0 != 0 }, weights: weights.prefix(cols).map(Double.init), biasWeight: biasWeight,
                bias: bias,
                cost: cost))
    }
}

@Suite struct LinearDenseTests {
    @Test func followsLIBLINEAR() throws {
        let oracle = try LinearOracle.load().dense
        let problem = DenseProblem(
            cols: oracle.weights.count, matrix: oracle.matrix.map { $0.map { Float($0) / oracle.unit } }, rows: oracle.rows,
            positive: oracle.positive)
        let solution = problem.solve(bias: oracle.featureValue, problem.workspace)
        #expect(largestDifference(Array(solution.weights.prefix(problem.cols)), oracle.weights) < 1e-3)
        // scikit-learn's intercept is the weight times the feature's value.
        #expect(abs(solution.bias * oracle.featureValue - oracle.bias) < 1e-3)
    }

    @Test(arguments: [(1, 9), (15, 40), (16, 33), (17, 130), (300, 301), (300, 42)]) func theGradientVanishes(
        cols: Int, count: Int
    ) {
        let problem = DenseProblem.random(documents: 400, count: count, cols: cols, seed: 12)
        for (cost, bias) in [(1.0, 1.0), (0.3, 0.0), (10, 0.5)] {
            let first = problem.gradient([Float](repeating: 0, count: problem.ld), 0, bias: bias, cost: cost)
            let solution = problem.solve(cost: cost, bias: bias, eps: 1e-3, problem.workspace)
            let last = problem.gradient(solution.weights, solution.bias, bias: bias, cost: cost)
            let positives = problem.positive.reduce(0) { $0 + Int($1) },
                fewer = max(1, min(positives, problem.rows.count - positives))
            #expect(abs(solution.tolerance / (1e-3 * Double(fewer) / Double(problem.rows.count) * first) - 1) < 1e-5)
            #expect(solution.gradient <= solution.tolerance && last <= 1.01 * solution.tolerance + 1e-6 * first)
            #expect(bias != 0 || solution.bias == 0)
            #expect(solution.weights[cols...].allSatisfy { $0 == 0 })
        }
    }

    @Test func aSolutionIsAStart() {
        let problem = DenseProblem.random(documents: 300, count: 250, cols: 40, seed: 13), workspace = problem.workspace
        let solution = problem.solve(workspace), again = problem.solve(eps: 1e-4, from: solution, workspace)
        #expect(solution.steps > 1 && again.steps == 0 && again.weights == solution.weights && again.bias == solution.bias)
    }

    @Test func labelsAreIndependent() {
        let problems = (0..<6).map { DenseProblem.random(documents: 200, count: 150, cols: 33, seed: 20 + $0) }
        let used = Workspace(bytes: dx_newton_dense_workspace(200, 48))
        let forth = problems.map { $0.solve(used) }, back = problems.reversed().map { $0.solve(used) }
        #expect(forth == back.reversed() && forth == problems.map { $0.solve($0.workspace) })
    }
}
