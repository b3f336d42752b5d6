import DeepXMLModel
import Devices
import Foundation
import Support
import Synchronization
import Testing

/// Tests/oracles/linear_svc.json, written by Tests/oracles/linear_svc.py: documents and scikit-learn's LinearSVC.
private struct LinearOracle: Decodable {
    struct Label: Decodable { let positives: [Int32], columns: [Int], weights: [Int], bias: Double }
    struct Sparse: Decodable {
        let featureCount: Int, unit: Float, every: Int, documents: [[Int]], labels: [Label]

        enum CodingKeys: String, CodingKey {
            case featureCount = "features"
            case unit, every, documents, labels
        }
    }
    let sparse: Sparse

    static func load() throws -> Sparse {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appendingPathComponent("oracles/linear_svc.json"))
        return try JSONDecoder().decode(LinearOracle.self, from: data).sparse
    }
}

extension LinearOracle.Sparse {
    /// Columns are stored as differences.
    fileprivate var features: CSRMatrix {
        CSRMatrix(
            cols: featureCount,
            rows: documents.map { row in
                var column = 0
                return stride(from: 0, to: row.count, by: 2).map { i in
                    column += row[i]
                    return (Int32(column), Float(row[i + 1]) / unit)
                }
            })
    }

    fileprivate var positives: CSRMatrix {
        CSRMatrix(cols: documents.count, rows: labels.map { $0.positives.map { ($0, 1) } }, binary: true)
    }

    /// Of the features divisible by `every`.
    fileprivate func weights(_ label: LinearOracle.Label) -> [Int: Double] {
        var column = 0
        return Dictionary(
            uniqueKeysWithValues: zip(label.columns, label.weights).map { step, weight in
                column += step
                return (column, Double(weight) / 1e4)
            })
    }

    fileprivate func training(_ device: any Device, _ settings: LinearSettings) -> LinearTraining {
        LinearTraining(documents: features, positives: positives, settings: settings, on: device)
    }
}

extension SparseClassifier {
    fileprivate func row(_ index: Int) -> [Int32: Float] {
        Dictionary(uniqueKeysWithValues: zip(weights.columns(index), weights.weights(index)))
    }

    fileprivate func isSame(as other: SparseClassifier) -> Bool {
        labels == other.labels && weights.starts.array == other.weights.starts.array
            && weights.indices.array == other.weights.indices.array
            && weights.values?.array.map(\.bitPattern) == other.weights.values?.array.map(\.bitPattern)
            && biases.array.map(\.bitPattern) == other.biases.array.map(\.bitPattern)
    }
}

@Suite struct LinearTests {
    private func device(threads: Int) -> CPUDevice { CPUDevice(team: ThreadTeam(size: threads)) }

    @Test("Weights before pruning are LinearSVC's") func followsLinearSVC() throws {
        let oracle = try LinearOracle.load(), device = device(threads: 2)
        defer { device.team.stop() }
        let trained = try #require(
            oracle.training(device, LinearSettings(accuracy: 1e-6, threshold: 0)).classifiers(of: 0..<oracle.labels.count))
        #expect(oracle.labels.count == 50 && trained.inaccurate == 0)
        for (index, label) in oracle.labels.enumerated() {
            let found = trained.classifier.row(index), expected = oracle.weights(label)
            let difference = stride(from: 0, to: oracle.featureCount, by: oracle.every).reduce(0) {
                max($0, abs(Double(found[Int32($1)] ?? 0) - (expected[$1] ?? 0)))
            }
            #expect(difference < 1e-3)
            #expect(abs(Double(trained.classifier.biases[index]) - label.bias) < 1e-3)
        }
    }

    @Test("A label's bits depend neither on its neighbours nor on threads", arguments: [1, 7, 49, 50], [1, 3])
    func cutsGiveTheSameBits(size: Int, threads: Int) throws {
        let oracle = try LinearOracle.load(), one = device(threads: 1), team = device(threads: threads)
        defer { team.team.stop() }
        let settings = LinearSettings()
        let whole = try #require(oracle.training(one, settings).classifiers(of: 0..<50)).classifier
        let training = oracle.training(team, settings)
        let parts = try stride(from: 0, to: 50, by: size).map {
            try #require(training.classifiers(of: $0..<min($0 + size, 50))).classifier
        }
        #expect(SparseClassifier(joining: parts, features: oracle.featureCount).isSame(as: whole))
    }

    @Test("Weights up to the threshold are dropped, biases are not") func pruning() throws {
        let oracle = try LinearOracle.load(), device = device(threads: 1)
        let pruned = try #require(oracle.training(device, LinearSettings()).classifiers(of: 0..<50)).classifier
        let all = try #require(oracle.training(device, LinearSettings(threshold: 0)).classifiers(of: 0..<50)).classifier
        #expect(pruned.weights.nonZeros < all.weights.nonZeros)
        for label in 0..<50 { #expect(pruned.row(label) == all.row(label).filter { abs($0.value) > 0.01 }) }
        #expect(pruned.biases.array == all.biases.array)
    }

    @Test("Without a bias feature there is no bias, and few products leave labels inaccurate") func settings() throws {
        let oracle = try LinearOracle.load(), device = device(threads: 1)
        let bare = try #require(oracle.training(device, LinearSettings(biasFeature: 0)).classifiers(of: 10..<20))
        #expect(bare.classifier.biases.array.allSatisfy { $0 == 0 } && bare.inaccurate == 0)
        let hasty = LinearSettings(accuracy: 1e-6, maxProducts: 1)
        #expect(try #require(oracle.training(device, hasty).classifiers(of: 10..<20)).inaccurate == 10)
    }

    @Test("Once stopped no label is begun") func stopping() throws {
        let oracle = try LinearOracle.load(), device = device(threads: 2)
        defer { device.team.stop() }
        let asked = Counter()
        let training = oracle.training(device, LinearSettings())
        #expect(training.classifiers(of: 0..<50) { asked.next() > 5 } == nil)
        #expect(training.classifiers(of: 0..<50) { false } != nil)
    }

    @Test("Best labels are those of the dense product, however labels and documents are cut", arguments: [1, 3])
    func bestLabels(threads: Int) throws {
        let oracle = try LinearOracle.load(), device = device(threads: threads), documents = oracle.features
        defer { device.team.stop() }
        let training = oracle.training(device, LinearSettings())
        let whole = try #require(training.classifiers(of: 0..<50)).classifier
        let best = SparsePredictor(whole, on: device).best(of: documents, docs: Array(0..<200), k: 7)
        for row in 0..<200 {
            let scores = (0..<50).map { label in score(whole, label, documents, row) }
            let order = (0..<50).sorted { (-scores[$0], $0) < (-scores[$1], $1) }.prefix(7)
            // Equal up to rounding: the kernel's product and sum are one operation where the processor has it.
            let distance = zip(best.scores(row), order).reduce(0) { max($0, abs($1.0 - scores[$1.1])) }
            #expect(best.count(row) == 7 && distance < 1e-6)
            #expect(best.ids(row).allSatisfy { scores[Int($0)] > scores[order[6]] - 1e-6 })
        }
        let part = SparsePredictor(try #require(training.classifiers(of: 20..<50)).classifier, on: device)
        let all = SparsePredictor(whole, on: device)
        for (k, docs) in [(50, Array(100..<200)), (30, [151]), (40, [7, 3, 1999, 3])] as [(Int, [Int32])] {
            let found = part.best(of: documents, docs: docs, k: k)
            let expected = all.best(of: documents, docs: docs, k: 50)
            for index in docs.indices {
                let scores = Dictionary(uniqueKeysWithValues: zip(expected.ids(index), expected.scores(index)))
                #expect(found.count(index) == 30 && Set(found.ids(index)) == Set(20..<50))
                for (id, value) in zip(found.ids(index), found.scores(index)) { #expect(scores[id] == value) }
            }
        }
    }

    /// In the document's order, the bias last.
    private func score(_ model: SparseClassifier, _ label: Int, _ documents: CSRMatrix, _ row: Int) -> Float {
        let weights = model.row(label)
        let sum = zip(documents.columns(row), documents.weights(row)).reduce(Float(0)) { sum, entry in
            weights[entry.0].map { sum + entry.1 * $0 } ?? sum
        }
        return sum + model.biases[label]
    }
}

/// Counts calls from any thread.
private final class Counter: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
