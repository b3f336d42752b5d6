import Formats
import Foundation
import Learners
import Support
import Testing
import WorkerChecks

/// A trained learner of SparseSlice against the equations, in double precision, from the files of its data set: each step from what the
/// step before it stored.
@Suite struct SparseSliceOracleTests {
    private static let labels = 60, tokens = 150, listed = 15, negatives = 12, postings = 9, topK = 20
    private static let threshold = 0.05, power = 0.3, cost = 2.0, bias = 0.5, scale = 2.0, similarityWeight = 1.2,
        frequencyWeight = 0.3

    private typealias Row = [Int: Double]

    /// What the learner left, and what it was made of.
    private struct Trained {
        /// Unit vectors.
        let train: [Row], test: [Row]
        /// Documents of each label.
        let members: [Set<Int>]
        let outcome: LearnerOutcome
        let means: [Row]

        init(folder: String) throws {
            let data = SampleData(documents: 200, testDocuments: 30, tokens: tokens, labels: labels)
            let own = [
                "num_nbrs=\(listed)", "num_negatives=\(negatives)", "postings=\(postings)", "mean_threshold=\(threshold)",
                "frequency_power=\(power)", "C=\(cost)", "bias_feature=\(bias)", "tolerance=0.0001", "max_passes=10000",
                "delta=0",
                "score_scale=\(scale)", "similarity_weight=\(similarityWeight)", "frequency_weight=\(frequencyWeight)",
                "block_size=7",
            ]
            let job = try LearnerJob(
                folder: folder, data: data, framework: .sparseSlice, settings: own.map { "sparse_slice.\($0)" })
            #expect(try job.run(workers: 2) == 0)
            outcome = try LearnerOutcome(of: job)
            let files = job.options.datasetFolder
            func vectors(_ name: String) throws -> [Row] {
                let x = try MatrixFile.read(path: "\(files)/\(name)_X_Xf.txt", kind: .features, threads: 1)
                return (0..<x.rows).map { row in
                    unit(Row(uniqueKeysWithValues: x.range(row).map { (Int(x.indices[$0]), Double(x.values![$0])) }))
                }
            }
            (train, test) = try (vectors("trn"), vectors("tst"))
            let truth = try MatrixFile.read(path: "\(files)/trn_X_Y.txt", kind: .labels, threads: 1)
            var members = [Set<Int>](repeating: [], count: labels)
            for row in 0..<truth.rows { for i in truth.range(row) { members[Int(truth.indices[i])].insert(row) } }
            self.members = members
            means = try Self.rows("shortlist.mean", outcome)
        }

        static func rows(_ name: String, _ outcome: LearnerOutcome) throws -> [Row] {
            let counts = try #require(outcome.arrays["\(name).counts"]).map { Int($0) }
            let columns = try #require(outcome.arrays["\(name).columns"]).map { Int($0) }
            let weights = try #require(outcome.arrays["\(name).weights"]).map { Double(Float(bitPattern: $0)) }
            var at = 0
            return counts.map { count in
                defer { at += count }
                return Row(uniqueKeysWithValues: zip(columns[at..<at + count], weights[at..<at + count]))
            }
        }

        /// The k labels most like a document, likeliest first, ties by smaller label; nil where a rounding could choose others.
        func nearest(_ k: Int, to document: Row) -> [(label: Int, similarity: Double)]? {
            let all = means.enumerated().map { (label: $0.offset, similarity: product($0.element, document)) }
                .filter { $0.similarity > 0 }.sorted { ($1.similarity, $0.label) < ($0.similarity, $1.label) }
            if all.count > k {
                let gap = all[k - 1].similarity - all[k].similarity
                if gap > 0, gap < 1e-6 { return nil }
            }
            return Array(all.prefix(k))
        }
    }

    private func withTrained(_ body: (Trained) throws -> Void) throws {
        let scratch = try Scratch()
        try body(try Trained(folder: scratch("job")))
    }

    /// Unit means times n^f, without entries up to the threshold; of each feature the largest ones.
    @Test func labelsAreTheirDocumentsMeans() throws {
        try withTrained { trained in
            let whole = trained.members.map { members -> Row in
                let sum = members.reduce(into: Row()) { $0.merge(trained.train[$1], uniquingKeysWith: +) }
                let factor = pow(Double(members.count), Self.power)
                return unit(sum).filter { $0.value > Self.threshold }.mapValues { $0 * factor }
            }
            var cut = 0
            for token in 0..<Self.tokens {
                let all = whole.compactMap { $0[token] }.sorted(by: >),
                    kept = trained.means.compactMap { $0[token] }.sorted(by: >)
                #expect(kept.count == min(all.count, Self.postings))
                #expect(zip(all, kept).allSatisfy { abs($0 - $1) < 1e-5 })
                cut += all.count - kept.count
            }
            for (found, expected) in zip(trained.means, whole) {
                for (token, weight) in found { #expect(abs(weight - (expected[token] ?? 0)) < 1e-5) }
            }
            #expect(cut > 100)
        }
    }

    /// The gradient of ½(w·w + b²) + C·Σ max(0, 1 − y(w·x + b·bias))² over a label's documents and those that list it. As the
    /// objective is 1-strongly convex, a classifier is no further from its minimum than its gradient is long.
    @Test func classifiersMinimiseTheirObjective() throws {
        try withTrained { trained in
            let weights = try Trained.rows("classifiers.classifier", trained.outcome)
            let biases = try #require(trained.outcome.arrays["classifiers.classifier.bias"]).map { Double(Float(bitPattern: $0)) }
            let lists = trained.train.map { trained.nearest(Self.negatives, to: $0) }
            #expect(lists.allSatisfy { $0 != nil })
            var others = 0
            for label in 0..<Self.labels {
                let positive = trained.members[label], b = biases[label] / Self.bias
                let examples = lists.indices.filter { row in
                    positive.contains(row) || lists[row]?.contains { $0.label == label } == true
                }
                others += examples.count - positive.count
                var gradient = weights[label], ofBias = b
                for i in examples {
                    let y = positive.contains(i) ? 1.0 : -1
                    let margin = product(weights[label], trained.train[i]) + biases[label]
                    let slope = -2 * Self.cost * y * max(0, 1 - y * margin)
                    gradient.merge(trained.train[i].mapValues { slope * $0 }, uniquingKeysWith: +)
                    ofBias += slope * Self.bias
                }
                #expect((product(gradient, gradient) + ofBias * ofBias).squareRoot() < 5e-3, "label \(label)")
            }
            #expect(others > 1000)
        }
    }

    /// p = σ(a(w·x + b))·s^g·(n/N)^h of the labels listed; of a document without features, n/N of the most frequent ones.
    @Test func scoresAreAllThree() throws {
        try withTrained { trained in
            let weights = try Trained.rows("classifiers.classifier", trained.outcome)
            let biases = try #require(trained.outcome.arrays["classifiers.classifier.bias"]).map { Double(Float(bitPattern: $0)) }
            let bits = try #require(trained.outcome.arrays["predictions.clf"]), documents = trained.test.count
            let entries = Int(bits[documents]), all = Double(trained.train.count)
            #expect(trained.test[0].isEmpty && trained.test[1...].allSatisfy { !$0.isEmpty })
            for row in 0..<documents {
                let list = try #require(trained.nearest(Self.listed, to: trained.test[row]))
                let expected: [(label: Int, p: Double)]
                if list.isEmpty {
                    let frequent = trained.members.indices.sorted {
                        (trained.members[$1].count, $0) < (trained.members[$0].count, $1)
                    }
                    expected = frequent.prefix(Self.listed).map { ($0, Double(trained.members[$0].count) / all) }
                } else {
                    expected = list.map { label, listedWith in
                        let n = Double(trained.members[label].count), similarity = listedWith / pow(n, Self.power)
                        let margin = product(weights[label], trained.test[row]) + biases[label]
                        return (
                            label,
                            sigma(Self.scale * margin) * pow(similarity, Self.similarityWeight)
                                * pow(n / all, Self.frequencyWeight)
                        )
                    }
                }
                let range = Int(bits[row])..<Int(bits[row + 1])
                #expect(Set(range.map { Int(bits[documents + 1 + $0]) }) == Set(expected.map(\.label)))
                let found = Dictionary(
                    uniqueKeysWithValues: range.map {
                        (Int(bits[documents + 1 + $0]), sigma(Double(Float(bitPattern: bits[documents + 1 + entries + $0]))))
                    })
                for (label, p) in expected { #expect(abs((found[label] ?? 0) - p) < 1e-5) }
            }
        }
    }
}

private func product(_ a: [Int: Double], _ b: [Int: Double]) -> Double { a.reduce(0) { $0 + $1.value * (b[$1.key] ?? 0) } }
private func sigma(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

private func unit(_ x: [Int: Double]) -> [Int: Double] {
    let length = x.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? x.mapValues { $0 / length } : x
}
