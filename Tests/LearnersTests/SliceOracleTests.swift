import Foundation
import Formats
import Learners
import Support
import Testing
import WorkerChecks

/// A trained learner of Slice against the equations, in double precision, from the files of its data set.
@Suite struct SliceOracleTests {
    private static let labels = 60, listed = 15, dims = 16, tolerance = 0.01, cost = 2.0

    /// What the learner left, and what it was made of.
    private struct Trained {
        let vectors: [[Double]], testVectors: [[Double]]
        /// Documents of each label.
        let members: [Set<Int>]
        let outcome: LearnerOutcome

        init(folder: String, settings: [String]) throws {
            let data = SampleData(documents: 200, testDocuments: 30, tokens: 150, labels: labels)
            let job = try LearnerJob(folder: folder, data: data, framework: .slice, settings: settings)
            #expect(try job.run(workers: 2) == 0)
            outcome = try LearnerOutcome(of: job)
            let files = job.options.datasetFolder
            let table = try MatrixFile.read(path: "\(files)/embeddings.npy", kind: .dense, threads: 1).values!
            func vectors(_ name: String) throws -> [[Double]] {
                let x = try MatrixFile.read(path: "\(files)/\(name)_X_Xf.txt", kind: .features, threads: 1)
                return (0..<x.rows).map { row in
                    unit(
                        (0..<dims).map { c in
                            x.range(row).reduce(0) { $0 + Double(x.values![$1]) * Double(table[Int(x.indices[$1]) * dims + c]) }
                        })
                }
            }
            self.vectors = try vectors("trn")
            testVectors = try vectors("tst")
            let truth = try MatrixFile.read(path: "\(files)/trn_X_Y.txt", kind: .labels, threads: 1)
            var members = [Set<Int>](repeating: [], count: labels)
            for row in 0..<truth.rows { for i in truth.range(row) { members[Int(truth.indices[i])].insert(row) } }
            self.members = members
        }

        func rows(_ name: String, width: Int) throws -> [[Double]] {
            let all = try #require(outcome.arrays[name]).map { Double(Float(bitPattern: $0)) }
            return stride(from: 0, to: all.count, by: width).map { Array(all[$0..<$0 + width]) }
        }

        func lists(_ name: String) throws -> [[Int]] {
            let all = try #require(outcome.arrays[name]).map { Int(Int32(bitPattern: $0)) }
            return stride(from: 0, to: all.count, by: listed).map { Array(all[$0..<$0 + listed]) }
        }
    }

    private func withTrained(_ settings: [String] = [], _ body: (Trained) throws -> Void) throws {
        let scratch = try Scratch()
        let own = ["slice.num_nbrs=\(Self.listed)", "slice.tolerance=\(Self.tolerance)", "slice.cost=\(Self.cost)"]
        try body(try Trained(folder: scratch("job"), settings: own + settings))
    }

    @Test func labelsAreTheirDocumentsMeans() throws {
        try withTrained { trained in
            let means = try trained.rows("shortlist.label.mean", width: Self.dims)
            for (label, mean) in means.enumerated() {
                let sum = (0..<Self.dims).map { c in trained.members[label].reduce(0) { $0 + trained.vectors[$1][c] } }
                for (found, expected) in zip(mean, unit(sum)) { #expect(abs(found - expected) < 1e-5) }
            }
            let all = try [(trained.vectors, "train"), (trained.testVectors, "test")]
                .map { ($0.0, try trained.lists("shortlist.\($0.1).ids")) }
            for (vectors, lists) in all {
                for (vector, list) in zip(vectors, lists) {
                    let chosen = Set(list), similarities = means.map { product($0, vector) }
                    let last = chosen.map { similarities[$0] }.min()!
                    let other = (0..<Self.labels).filter { !chosen.contains($0) }.map { similarities[$0] }.max()!
                    #expect(chosen.count == Self.listed && last >= other - 1e-5)
                }
            }
        }
    }

    /// The gradient of ½(w·w + b²) + C·Σ max(0, 1 − y(w·x + b))² over a label's documents and those that list it.
    @Test func classifiersMinimiseTheirObjective() throws {
        try withTrained { trained in
            let weights = try trained.rows("extreme.classifier.weight", width: Self.dims)
            let biases = try trained.rows("extreme.classifier.bias", width: 1)
            let lists = try trained.lists("shortlist.train.ids")
            for label in 0..<Self.labels {
                let positive = trained.members[label]
                let examples = lists.indices.filter { positive.contains($0) || lists[$0].contains(label) }
                #expect(examples.count > positive.count)
                func gradient(_ w: [Double], _ b: Double) -> Double {
                    var g = w + [b]
                    for i in examples {
                        let y = positive.contains(i) ? 1.0 : -1, x = trained.vectors[i] + [1]
                        let slope = -2 * Self.cost * y * max(0, 1 - y * product(w + [b], x))
                        for c in g.indices { g[c] += slope * x[c] }
                    }
                    return product(g, g).squareRoot()
                }
                let fewer = Double(min(positive.count, examples.count - positive.count)) / Double(examples.count)
                let first = gradient([Double](repeating: 0, count: Self.dims), 0)
                #expect(gradient(weights[label], biases[label][0]) <= 1.02 * Self.tolerance * fewer * first + 1e-5 * first)
            }
        }
    }

    /// p = β·σ(w·x + b) + (1−β)·σ(γ·s − c), of the listed labels; γ is the mean length of (w, b) where it is 0.
    @Test(arguments: [(0.5, 0.0, 0.0), (0.3, 2.5, -0.7), (1.0, 0.0, 0.0)])
    func scoresAreBothModels(beta: Double, gamma: Double, generativeBias: Double) throws {
        let settings = ["slice.beta=\(beta)", "slice.gamma=\(gamma)", "slice.generative_bias=\(generativeBias)"]
        try withTrained(settings) { trained in
            let weights = try trained.rows("extreme.classifier.weight", width: Self.dims)
            let biases = try trained.rows("extreme.classifier.bias", width: 1)
            let means = try trained.rows("shortlist.label.mean", width: Self.dims)
            let lengths = zip(weights, biases).map { product($0 + $1, $0 + $1).squareRoot() }
            let scale = gamma > 0 ? gamma : lengths.reduce(0, +) / Double(lengths.count)
            let bits = try #require(trained.outcome.arrays["predictions.clf"]), documents = trained.testVectors.count
            let lists = try trained.lists("shortlist.test.ids"), entries = Int(bits[documents])
            for row in 0..<documents {
                let range = Int(bits[row])..<Int(bits[row + 1]), x = trained.testVectors[row]
                #expect(Set(range.map { Int(bits[documents + 1 + $0]) }) == Set(lists[row]))
                for entry in range {
                    let label = Int(bits[documents + 1 + entry])
                    let p =
                        beta * sigma(product(weights[label], x) + biases[label][0])
                        + (1 - beta) * sigma(scale * product(means[label], x) - generativeBias)
                    let found = Double(Float(bitPattern: bits[documents + 1 + entries + entry]))
                    #expect(abs(sigma(found) - p) < 1e-5)
                }
            }
        }
    }
}

private func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
private func sigma(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

private func unit(_ x: [Double]) -> [Double] {
    let length = product(x, x).squareRoot()
    return length > 0 ? x.map { $0 / length } : x
}
