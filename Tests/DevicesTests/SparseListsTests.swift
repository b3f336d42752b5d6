import Devices
import Support
import Testing

/// Numbers from −1 to 1 (Knuth's MMIX generator).
private struct Numbers {
    var state: UInt64

    mutating func next() -> Float { Float(below(2001) - 1000) / 1000 }

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    /// Up to `most` entries in columns below `cols`, ascending.
    mutating func row(_ most: Int, cols: Int) -> [(Int32, Float)] {
        let count = below(most + 1), chosen = Set((0..<count).map { _ in below(cols) })
        return chosen.sorted().map { (Int32($0), next()) }
    }
}

/// Sparse documents, some without features, and labels: all with examples of their own.
private struct SparseCase {
    static let rows = 150, features = 130, mixed = 12
    let documents: CSRMatrix
    let examples: LabelExamples
    /// A label without negatives, one without positives, without examples, with documents without features, with one document.
    static let onlyPositives = 12, onlyNegatives = 13, none = 14, featureless = 15, single = 16, labels = 17

    init() {
        var numbers = Numbers(state: 6)
        var rows = (0..<Self.rows).map { _ in numbers.row(12, cols: Self.features) }
        (rows[0], rows[77], rows[5]) = ([], [], [(Int32(Self.features - 1), 0.5)])
        documents = CSRMatrix(cols: Self.features, rows: rows)
        var lists = (0..<Self.mixed).map { label in
            Set((0..<10 + 12 * label).map { _ in numbers.below(Self.rows) }).sorted()
        }
        lists += [Array(3..<40), Array(20..<90), [], [0, 77], [5]]
        let flags = lists.enumerated().map { label, list in
            list.map { document -> UInt8 in
                switch label {
                case Self.onlyPositives, Self.single: 1
                case Self.onlyNegatives: 0
                case Self.featureless: document == 0 ? 1 : 0
                default: document % 4 == label % 4 || rows[document].contains { Int($0.0) % 9 == label && $0.1 > 0 } ? 1 : 0
                }
            }
        }
        examples = LabelExamples(
            starts: Buffer(lists.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int64($1.count)) }),
            documents: Buffer(lists.flatMap { $0.map(Int32.init) }), isPositive: Buffer(flags.flatMap { $0 }))
    }

    /// The examples of a run of labels.
    func part(_ labels: Range<Int>) -> LabelExamples {
        let from = examples.range(labels.lowerBound).lowerBound, to = examples.range(labels.upperBound - 1).upperBound
        return LabelExamples(
            starts: Buffer(labels.map { examples.starts[$0] - Int64(from) } + [Int64(to - from)]),
            documents: Buffer(Array(examples.documents.array[from..<to])),
            isPositive: Buffer(Array(examples.isPositive.array[from..<to])))
    }

    var dense: DenseMatrix { documents.dense }
}

extension CSRMatrix {
    fileprivate var dense: DenseMatrix {
        let all = DenseMatrix(rows: rows, cols: cols)
        for row in 0..<rows { for i in range(row) { all[row, Int(indices[i])] = values?[i] ?? 1 } }
        return all
    }
}

/// One label's classifier, as it was returned.
private struct Row: Equatable {
    var columns: [Int32], weights: [Float], bias: Float
}

extension LinearRows {
    fileprivate var rows: [Row] {
        (0..<weights.rows).map {
            Row(columns: Array(weights.columns($0)), weights: Array(weights.weights($0)), bias: biases[$0])
        }
    }
}

@Suite struct SparseListsTests {
    private let cpu = CPUDevice(team: ThreadTeam(size: 1))

    private func train(
        _ examples: LabelExamples, _ settings: DualLinearSettings, threads: Int = 1,
        isStopped: @escaping @Sendable () -> Bool = { false }
    ) -> LinearRows? {
        let device = CPUDevice(team: ThreadTeam(size: threads))
        defer { device.team.stop() }
        return device.trainLinear(SparseCase().documents, examples, settings, isStopped: isStopped)
    }

    /// The solution of the same problem by Newton's method, on the documents made dense; and the gradient of the objective, which is
    /// 1-strongly convex: a classifier is no further from the solution than its gradient is long.
    @Test(arguments: [(1.0, 1.0), (1.0, 0.0), (0.1, 2.0), (4.0, 0.5)]) func agreesWithNewton(cost: Double, bias: Double) throws {
        let problem = SparseCase(), labels = SparseCase.labels
        let dual = DualLinearSettings(cost: cost, biasFeature: bias, tolerance: 2e-5, maxPasses: 100_000, threshold: 0)
        let found = try #require(train(problem.examples, dual))
        #expect(found.inaccurate == 0 && (bias > 0 || found.biases.array.allSatisfy { $0 == 0 }))
        let x = cpu.paddedTensor(rows: SparseCase.rows, dims: SparseCase.features), dense = found.weights.dense
        cpu.upload(problem.dense.buffer, to: x)
        let weights = cpu.paddedTensor(rows: labels, dims: SparseCase.features), biases = cpu.tensor(rows: labels, cols: 1)
        let newton = DenseLinearSettings(cost: cost, bias: bias, eps: 1e-6, maxProducts: 5000)
        _ = cpu.trainLinear(x, problem.examples, newton, places: Array(0..<labels), weights: weights, biases: biases)
        let expected = cpu.matrix(weights), offsets = cpu.download(biases)
        for label in 0..<labels {
            let far = (0..<SparseCase.features).map { abs(dense[label, $0] - expected[label, $0]) }.max() ?? 0
            #expect(
                far < 1e-3 && abs(found.biases[label] - offsets[label]) < 1e-3 * Float(max(1, bias)), "label \(label): \(far)")
            #expect(gradient(problem, label, found, cost: cost, bias: bias) < 1e-3 * max(1, cost), "label \(label)")
        }
    }

    private func gradient(_ problem: SparseCase, _ label: Int, _ found: LinearRows, cost: Double, bias: Double) -> Double {
        let dense = found.weights.dense, x = problem.documents
        let w = (0..<x.cols).map { Double(dense[label, $0]) }, b = bias > 0 ? Double(found.biases[label]) / bias : 0
        var g = w + [b]
        for i in problem.examples.range(label) {
            let row = Int(problem.examples.documents[i]), y = problem.examples.isPositive[i] != 0 ? 1.0 : -1
            let entries = zip(x.columns(row), x.weights(row)).map { (Int($0), Double($1)) }
            let margin = entries.reduce(b * bias) { $0 + w[$1.0] * $1.1 }
            let slope = -2 * cost * y * max(0, 1 - y * margin)
            for (column, value) in entries { g[column] += slope * value }
            g[x.cols] += slope * bias
        }
        return g.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }

    @Test func labelsOfOneKind() throws {
        let rows = try #require(train(SparseCase().examples, DualLinearSettings(tolerance: 1e-4, maxPasses: 1000, threshold: 0)))
            .rows
        #expect(rows[SparseCase.none] == Row(columns: [], weights: [], bias: 0))
        #expect(rows[SparseCase.onlyPositives].bias > 0.5 && rows[SparseCase.onlyNegatives].bias < -0.5)
        // As many positives as negatives, and nothing to tell them by.
        #expect(rows[SparseCase.featureless].columns.isEmpty && abs(rows[SparseCase.featureless].bias) < 1e-3)
        // min ½(w² + b²) + (1 − w/2 − b)²: b = 2 − w − 2b, w = b / 2.
        #expect(rows[SparseCase.single].columns == [Int32(SparseCase.features - 1)])
        #expect(abs(rows[SparseCase.single].bias - 4.0 / 7) < 1e-3 && abs(rows[SparseCase.single].weights[0] - 2.0 / 7) < 1e-3)
    }

    /// Neither on the labels beside it nor on the number of threads.
    @Test(arguments: [(1, 1), (17, 3), (5, 2), (16, 1)]) func aLabelHangsOnItsExamplesAlone(height: Int, threads: Int) throws {
        let settings = DualLinearSettings(), problem = SparseCase()
        let whole = try #require(train(problem.examples, settings))
        var rows = [Row](repeating: Row(columns: [], weights: [], bias: .nan), count: SparseCase.labels), inaccurate = 0
        for from in stride(from: 0, to: SparseCase.labels, by: height).reversed() {
            let run = from..<min(from + height, SparseCase.labels)
            let part = try #require(train(problem.part(run), settings, threads: threads))
            rows.replaceSubrange(run, with: part.rows)
            inaccurate += part.inaccurate
        }
        #expect(rows == whole.rows && inaccurate == whole.inaccurate)
        #expect(Set(rows.map(\.bias)).count > 12)
    }

    @Test func smallWeightsAreDropped() throws {
        func rows(_ threshold: Float) throws -> [Row] {
            try #require(train(SparseCase().examples, DualLinearSettings(threshold: threshold))).rows
        }
        let all = try rows(0)
        for threshold in [Float(0.1), 0.3, 100] {
            let kept = all.map { row in
                let places = row.weights.indices.filter { abs(row.weights[$0]) > threshold }
                return Row(columns: places.map { row.columns[$0] }, weights: places.map { row.weights[$0] }, bias: row.bias)
            }
            #expect(try rows(threshold) == kept && kept != all)
        }
    }

    @Test func stopsAndSaysHowManyAreInaccurate() throws {
        let examples = SparseCase().examples
        let one = try #require(train(examples, DualLinearSettings(tolerance: 1e-6, maxPasses: 1)))
        // One of them has no examples, and one a single one, whose pass tells its gradient at 0 alone.
        #expect(one.inaccurate >= SparseCase.mixed && one.inaccurate < SparseCase.labels)
        #expect(train(examples, DualLinearSettings(), isStopped: { true }) == nil)
    }

    @Test(arguments: [1, 3]) func meansAreUnitSums(threads: Int) {
        let device = CPUDevice(team: ThreadTeam(size: threads)), x = SparseCase().documents, dense = SparseCase().dense
        defer { device.team.stop() }
        var numbers = Numbers(state: 3)
        var members: [[Int32]] = [[1, 2, 3], [], [0, 77], Array(0..<150), [5]]
        members += (0..<20).map { _ in Set((0..<1 + numbers.below(9)).map { _ in Int32(numbers.below(150)) }).sorted() }
        let matrix = CSRMatrix(cols: 150, rows: members.map { $0.map { ($0, 1) } }, binary: true)
        for (labels, threshold) in [(0..<25, Float(0)), (2..<9, 0.1), (7..<7, 0), (0..<25, 0.9999)] {
            let found = device.sparseMeans(of: x, members: matrix, labels: labels, threshold: threshold)
            #expect(found.rows == labels.count && found.cols == x.cols && found.values != nil)
            for (row, label) in labels.enumerated() {
                let sums = (0..<x.cols).map { c in members[label].reduce(0.0) { $0 + Double(dense[Int($1), c]) } }
                let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
                let expected = (0..<x.cols).filter { length > 0 && abs(sums[$0]) / length > Double(threshold) }
                #expect(found.columns(row).map { Int($0) } == expected)
                #expect(zip(expected, found.weights(row)).allSatisfy { abs(sums[$0] / length - Double($1)) < 1e-5 })
            }
        }
        #expect(device.sparseMeans(of: x, members: matrix, labels: 4..<5, threshold: 0.9999).weights(0).map { $0 } == [1])
    }

    /// What adds up to nothing has no mean.
    @Test func documentsThatCancel() {
        let x = CSRMatrix(cols: 3, rows: [[(0, 0.5), (2, -1)], [(0, -0.5), (2, 1)], [(1, 0)]])
        let members = CSRMatrix(cols: 3, rows: [[(0, 1), (1, 1)], [(2, 1)], [(0, 1), (2, 1)]], binary: true)
        let means = cpu.sparseMeans(of: x, members: members, labels: 0..<3, threshold: 0)
        #expect(means.starts.array == [0, 0, 0, 2] && means.indices.array == [0, 2])
    }

    /// Labels outside the model and padding keep their scores.
    @Test(arguments: [1, 3]) func scoresAreProductsAndBias(threads: Int) {
        let device = CPUDevice(team: ThreadTeam(size: threads)), x = SparseCase().documents, dense = SparseCase().dense
        defer { device.team.stop() }
        var numbers = Numbers(state: 21)
        var rows = (0..<40).map { _ in numbers.row(70, cols: SparseCase.features) }
        (rows[0], rows[7]) = ([], (0..<SparseCase.features).map { (Int32($0), Float($0) - 60) })
        rows[8] = [(Int32(SparseCase.features - 1), 3)]
        let weights = CSRMatrix(cols: SparseCase.features, rows: rows), w = weights.dense
        let biases = Buffer((0..<40).map { _ in numbers.next() })
        let docs = [5, 0, 77, 149, 5, 12] + (20..<60).map(Int32.init), k = 9, lists = TopK(rows: docs.count, k: k)
        for row in 0..<docs.count {
            for i in 0..<row % (k + 1) { lists.indices[row * k + i] = Int32((row * 13 + i * 17) % 70) }
        }
        (lists.indices[k], lists.indices[4 * k], lists.indices[4 * k + 1]) = (17, 17, 18)
        let scores = Buffer<Float>(count: docs.count * k), tables = device.weightTables(weights: weights, biases: biases)
        scores.fill(7)
        device.linearScores(tables, lists, docs: docs, documents: x, firstLabel: 10, into: scores)
        var own = 0
        for (row, doc) in docs.enumerated() {
            for i in row * k..<(row + 1) * k {
                let label = Int(lists.indices[i]) - 10
                guard (0..<40).contains(label) else {
                    #expect(scores[i] == 7)
                    continue
                }
                let expected = (0..<x.cols).reduce(Double(biases[label])) {
                    $0 + Double(dense[Int(doc), $1]) * Double(w[label, $1])
                }
                #expect(abs(Double(scores[i]) - expected) < 1e-4)
                own += 1
            }
        }
        #expect(own > 80 && own < docs.count * k / 2)
    }

    @Test func documentsWithoutValuesHaveOnes() {
        let plain = CSRMatrix(cols: 4, rows: [[(0, 1), (3, 1)], [(2, 1)]], binary: true),
            ones = CSRMatrix(cols: 4, rows: [[(0, 1), (3, 1)], [(2, 1)]])
        let examples = LabelExamples(starts: Buffer([0, 2]), documents: Buffer([0, 1]), isPositive: Buffer([1, 0]))
        let found = [plain, ones].map { cpu.trainLinear($0, examples, DualLinearSettings(), isStopped: { false })?.rows }
        #expect(found[0] == found[1] && found[0]?[0].columns == [0, 2, 3])
        let members = CSRMatrix(cols: 2, rows: [[(0, 1), (1, 1)]], binary: true)
        let means = cpu.sparseMeans(of: plain, members: members, labels: 0..<1, threshold: 0)
        #expect(means.indices.array == [0, 2, 3] && means.values?.array.allSatisfy { abs($0 - 0.57735) < 1e-5 } == true)
    }
}
