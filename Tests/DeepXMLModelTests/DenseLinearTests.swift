import DeepXMLModel
import Devices
import Foundation
import Support
import Testing

/// Numbers from −1 to 1 (Knuth's MMIX generator).
private struct Numbers {
    var state: UInt64

    mutating func next() -> Float { Float(Int(below(2001)) - 1000) / 1000 }

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    mutating func matrix(_ rows: Int, _ cols: Int) -> DenseMatrix {
        DenseMatrix(rows: rows, cols: cols, buffer: Buffer((0..<rows * cols).map { _ in next() }))
    }
}

extension Device {
    fileprivate func padded(_ matrix: DenseMatrix) -> Tensor {
        let tensor = paddedTensor(rows: matrix.rows, dims: matrix.cols)
        upload(matrix.buffer, to: tensor)
        return tensor
    }
}

/// Classifiers of some labels, over documents that lie in clusters.
private struct LinearCase {
    static let documents = 300, dims = 37, labels = 23
    let vectors: DenseMatrix
    let examples: LabelExamples
    let settings = DenseLinearSettings(cost: 1, bias: 1, eps: 0.01, maxProducts: 1000)

    init() {
        var numbers = Numbers(state: 5)
        vectors = numbers.matrix(Self.documents, Self.dims)
        let lists = (0..<Self.labels).map { label in
            Set((0..<20 + 9 * label).map { _ in numbers.below(Self.documents) }).sorted()
        }
        let vectors = vectors
        examples = LabelExamples(
            starts: Buffer(lists.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int64($1.count)) }),
            documents: Buffer(lists.flatMap { $0.map(Int32.init) }),
            isPositive: Buffer(lists.enumerated().flatMap { label, list in list.map { vectors[$0, label] > 0.5 ? 1 : 0 } }))
    }

    /// The examples of a run of labels.
    func part(_ labels: Range<Int>) -> LabelExamples {
        let from = examples.range(labels.lowerBound).lowerBound, to = examples.range(labels.upperBound - 1).upperBound
        return LabelExamples(
            starts: Buffer(labels.map { examples.starts[$0] - Int64(from) } + [Int64(to - from)]),
            documents: Buffer(Array(examples.documents.array[from..<to])),
            isPositive: Buffer(Array(examples.isPositive.array[from..<to])))
    }

    /// Weights and biases of all labels, trained in runs of `height`, the last run first.
    func train(height: Int, threads: Int) -> ([Float], [Float], DenseLinearOutcome) {
        let device = CPUDevice(team: ThreadTeam(size: threads)), x = device.padded(vectors)
        let weights = device.paddedTensor(rows: Self.labels, dims: Self.dims), biases = device.tensor(rows: Self.labels, cols: 1)
        var outcome = DenseLinearOutcome()
        for from in stride(from: 0, to: Self.labels, by: height).reversed() {
            let run = from..<min(from + height, Self.labels)
            outcome =
                outcome + device.trainLinear(x, part(run), settings, places: Array(run), weights: weights, biases: biases)
        }
        device.team.stop()
        return (device.download(weights).array, device.download(biases).array, outcome)
    }
}

@Suite struct DenseLinearTests {
    private let device = CPUDevice(team: ThreadTeam(size: 1))

    /// scikit-learn's LinearSVC; Tests/oracles/linear_svc.py.
    @Test func followsLIBLINEAR() throws {
        struct Oracle: Decodable {
            struct Dense: Decodable {
                let unit: Float, matrix: [[Int]], rows: [Int32], positive: [UInt8], featureValue: Double
                let weights: [Double], bias: Double
            }
            let dense: Dense
        }
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = try Data(contentsOf: tests.appendingPathComponent("oracles/linear_svc.json"))
        let oracle = try JSONDecoder().decode(Oracle.self, from: file).dense
        let dims = oracle.weights.count
        let x = device.padded(
            DenseMatrix(
                rows: oracle.matrix.count, cols: dims,
                buffer: Buffer(oracle.matrix.flatMap { $0.map { Float($0) / oracle.unit } })))
        let weights = device.paddedTensor(rows: 2, dims: dims), biases = device.tensor(rows: 2, cols: 1)
        let examples = LabelExamples(
            starts: Buffer([0, Int64(oracle.rows.count)]), documents: Buffer(oracle.rows), isPositive: Buffer(oracle.positive))
        let settings = DenseLinearSettings(cost: 1, bias: oracle.featureValue, eps: 1e-5, maxProducts: 100_000)
        let outcome = device.trainLinear(x, examples, settings, places: [1], weights: weights, biases: biases)
        #expect(outcome.labels == 1 && outcome.unsolved == 0 && outcome.products > 0)
        for (found, expected) in zip(device.download(weights.rows(1..<2)).array, oracle.weights) {
            #expect(abs(Double(found) - expected) < 1e-3)
        }
        #expect(abs(Double(device.download(biases)[1]) - oracle.bias) < 1e-3)
        #expect(device.download(weights.rows(0..<1)).array.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [(1, 1), (23, 2), (5, 1), (5, 3), (22, 2)])
    func aLabelHangsOnItsExamplesAlone(height: Int, threads: Int) {
        let (weights, biases, outcome) = LinearCase().train(height: 23, threads: 1)
        let cut = LinearCase().train(height: height, threads: threads)
        #expect(cut.0 == weights && cut.1 == biases && cut.2 == outcome)
        #expect(weights.contains { $0 != 0 } && Set(biases).count > 20 && outcome.unsolved == 0)
    }

    @Test func saysHowManyAreUnsolved() {
        let problem = LinearCase(), x = device.padded(problem.vectors)
        let weights = device.paddedTensor(rows: 1, dims: LinearCase.dims), biases = device.tensor(rows: 1, cols: 1)
        let settings = DenseLinearSettings(cost: 100, bias: 1, eps: 1e-6, maxProducts: 1)
        let outcome = device.trainLinear(x, problem.part(22..<23), settings, places: [0], weights: weights, biases: biases)
        #expect(outcome.unsolved == 1)
    }

    /// Documents in the lists of any cut of rows, joined, are those of the whole.
    @Test func listsTurnedRoundJoin() {
        var numbers = Numbers(state: 9)
        let rows = 40, k = 6, labels = 17, all = TopK(rows: rows, k: k)
        for row in 0..<rows {
            let ids = Set((0..<row % (k + 1)).map { _ in Int32(numbers.below(labels)) })
            for (i, id) in ids.enumerated() { all.indices[row * k + i] = id }
        }
        let whole = all.byLabel(firstRow: 0, documents: rows, labels: labels, runs: [0..<labels])
        for label in 0..<labels {
            let expected = (0..<rows).filter { row in (0..<k).contains { all.indices[row * k + $0] == Int32(label) } }
            #expect(whole.range(label).map { Int(whole.indices[$0]) } == expected)
        }
        let cuts = [0..<7, 7..<7, 7..<39, 39..<40].map { range in
            let part = TopK(rows: range.count, k: k)
            for i in 0..<range.count * k { part.indices[i] = all.indices[range.lowerBound * k + i] }
            return part.byLabel(firstRow: range.lowerBound, documents: rows, labels: labels, runs: [0..<labels])
        }
        let joined = CSRMatrix.joiningRows(cuts)
        #expect(joined.starts.array == whole.starts.array && joined.indices.array == whole.indices.array)
    }

    @Test func aDocumentWithTheLabelIsNoNegative() {
        let positives = CSRMatrix(cols: 9, rows: [[(3, 1)], [], [(1, 1), (4, 1), (8, 1)]], binary: true)
        let near = CSRMatrix(cols: 9, rows: [[(2, 1)], [(0, 1), (4, 1), (5, 1)]], binary: true)
        let examples = LabelExamples([2, 1], positives: positives, near: near, firstLabel: 1)
        #expect(examples.starts.array == [0, 5, 6])
        #expect(examples.documents.array == [0, 1, 4, 5, 8, 2] && examples.isPositive.array == [0, 1, 1, 0, 1, 0])
    }

    @Test func scoresAreProductsAndBias() {
        var numbers = Numbers(state: 3)
        let x = numbers.matrix(3, 21), w = numbers.matrix(4, 21), b = numbers.matrix(4, 1)
        let pairs = CSRMatrix(cols: 9, rows: [[(0, 1)], [(5, 1), (7, 1)], [], [(6, 1)]], binary: true)
        let scores = device.linearScores(
            pairs, rows: 1..<4, documents: device.padded(x), firstLabel: 5, weights: device.padded(w),
            biases: device.tensor(b))
        let expected = [(0, 0), (0, 2), (2, 1)].map { row, label in
            (0..<21).reduce(Double(b[label, 0])) { $0 + Double(x[row, $1]) * Double(w[label, $1]) }
        }
        #expect(scores.count == 3)
        for (found, expected) in zip(scores.array, expected) { #expect(abs(Double(found) - expected) < 1e-5) }
    }

    @Test func vectorsAreUnitSumsOfEmbeddings() {
        var numbers = Numbers(state: 8)
        let table = numbers.matrix(6, 5)
        let features = CSRMatrix(cols: 6, rows: [[(0, 1)], [(1, 0.5), (4, -2)], [], [(5, 3)]])
        let out = device.paddedTensor(rows: 3, dims: 5)
        device.documentVectors(features, rows: 1..<4, table: device.tensor(table), into: out)
        let sums = device.matrix(out)
        for c in 0..<5 {
            #expect(abs(sums[0, c] - (0.5 * table[1, c] - 2 * table[4, c])) < 1e-6)
            #expect(sums[1, c] == 0 && sums[2, c] == 3 * table[5, c])
        }
        let plain = device.paddedTensor(rows: 3, dims: 6)
        device.documentVectors(features, rows: 1..<4, table: nil, into: plain)
        #expect(device.matrix(plain).buffer.array == [0, 0.5, 0, 0, -2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3])
        device.makeUnitRows(out)
        let unit = device.matrix(out)
        for row in [0, 2] { #expect(abs((0..<5).reduce(0) { $0 + unit[row, $1] * unit[row, $1] } - 1) < 1e-5) }
        #expect((0..<5).allSatisfy { unit[1, $0] == 0 })
    }

    @Test func meansAreThoseOfTheSearch() {
        var numbers = Numbers(state: 2)
        let x = DenseMatrix(rows: 30, cols: 32)
        for row in 0..<30 { for c in 0..<21 { x[row, c] = numbers.next() } }
        let unit = device.tensor(x)
        device.makeUnitRows(unit)
        let members: [[(Int32, Float)]] = (0..<12).map { label in
            (0..<30).filter { $0 % (label + 2) == 1 }.map { (Int32($0), Float(1)) }
        }
        let documents = CSRMatrix(cols: 30, rows: members, binary: true)
        let vectors = device.paddedTensor(rows: 30, dims: 21), out = device.paddedTensor(rows: 9, dims: 21)
        device.upload(device.download(unit), to: vectors.withPadding)
        device.unitMeans(vectors, members: documents, labels: 3..<12, into: out)
        let sums = device.tensor(rows: 9, cols: 32)
        let pairs = (3..<12).flatMap { label in documents.columns(label).map { RowPair(from: Int($0), to: label - 3) } }
        device.addRows(pairs, of: unit, to: sums)
        device.makeUnitRows(sums)
        let found = device.download(out.withPadding).array, expected = device.download(sums).array
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(expected.contains { $0 != 0 })
    }
}
