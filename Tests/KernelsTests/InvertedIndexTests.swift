import Kernels
import Testing

/// A sparse linear model by labels, and documents for it.
private struct InvertedModel {
    let features: Int
    var labels: [[(Int32, Float)]], biases: [Float]

    /// - Parameter unit: weights and values are multiples of it, so that sums are exact and many are equal; 0: any numbers.
    static func random(labels: Int, features: Int, unit: Float, seed: UInt64) -> InvertedModel {
        var sample = Sample(seed)
        let rows = (0..<labels).map { _ in entries(&sample, features, unit) }
        return InvertedModel(features: features, labels: rows, biases: (0..<labels).map { _ in number(&sample, unit) - 0.25 })
    }

    static func number(_ sample: inout Sample, _ unit: Float) -> Float {
        unit == 0 ? sample.float() : unit * Float(sample.below(9) - 4)
    }

    static func entries(_ sample: inout Sample, _ features: Int, _ unit: Float) -> [(Int32, Float)] {
        let count = sample.below(8), drawn = Set((0..<count).map { _ in sample.below(1 + sample.below(features)) })
        return drawn.sorted().map { (Int32($0), number(&sample, unit)) }
    }

    func slice(_ range: Range<Int>) -> InvertedModel {
        InvertedModel(features: features, labels: Array(labels[range]), biases: Array(biases[range]))
    }

    /// Best labels of each document, in one workspace.
    func top(_ documents: [[(Int32, Float)]], k: Int, firstID: Int32 = 0) -> [[(id: Int32, score: Float)]] {
        let rows = labels.reduce(into: [Int64(0)]) { $0.append($0[$0.count - 1] + Int64($1.count)) },
            entries = labels.flatMap { $0 }
        var starts = [Int64](repeating: -1, count: features + 1), ids = [Int32](repeating: -1, count: entries.count)
        var weights = [Float](repeating: .nan, count: entries.count)
        dx_invert_model(labels.count, features, rows, entries.map(\.0), entries.map(\.1), &starts, &ids, &weights)
        var order = [Int32](repeating: -1, count: labels.count), spare = [Int32](repeating: -1, count: 3 * labels.count)
        dx_order_by_bias(biases, labels.count, &order, &spare)
        let workspace = Workspace(bytes: dx_inverted_workspace(labels.count, k))
        dx_inverted_begin(workspace.memory, labels.count)
        return starts.withUnsafeBufferPointer { starts in
            ids.withUnsafeBufferPointer { ids in
                weights.withUnsafeBufferPointer { weights in
                    biases.withUnsafeBufferPointer { biases in
                        order.withUnsafeBufferPointer { order in
                            var index = dx_inverted_index(
                                labels: labels.count, starts: starts.baseAddress, label_ids: ids.baseAddress,
                                weights: weights.baseAddress, biases: biases.baseAddress, by_bias: order.baseAddress)
                            return documents.map { document in
                                var found = [Int32](repeating: -7, count: k), scores = [Float](repeating: .nan, count: k)
                                dx_inverted_topk(
                                    &index, document.map(\.0), document.map(\.1), document.count, k, firstID, workspace.memory,
                                    &found, &scores)
                                return zip(found, scores).map { (id: $0, score: $1) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The same label by label.
    func reference(_ document: [(Int32, Float)], k: Int) -> [(id: Int32, score: Float)] {
        let scores = zip(labels, biases).map { weights, bias in
            document.reduce(Float(0)) { sum, entry in
                sum + entry.1 * (weights.first { $0.0 == entry.0 }?.1 ?? 0)
            } + bias
        }
        return Self.best(scores.enumerated().map { (Int32($0), $1) }, k)
    }

    static func best(_ all: [(id: Int32, score: Float)], _ k: Int) -> [(id: Int32, score: Float)] {
        let sorted = all.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
        return sorted.prefix(k) + (0..<max(0, k - sorted.count)).map { _ in (-1, -Float.infinity) }
    }
}

private func same(_ a: [(id: Int32, score: Float)], _ b: [(id: Int32, score: Float)]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.id == $1.id && $0.score == $1.score }
}

@Suite struct InvertedIndexTests {
    private func documents(_ count: Int, features: Int, unit: Float) -> [[(Int32, Float)]] {
        var sample = Sample(31)
        return (0..<count).map { _ in InvertedModel.entries(&sample, features, unit) }
    }

    /// Equal scores everywhere, more labels asked for than there are, documents and labels without features; and what one document
    /// leaves behind would show in the next one.
    @Test(arguments: [(1, 3), (7, 7), (300, 1), (300, 5), (300, 100), (300, 299), (300, 400)]) func followsTheReference(
        labels: Int, k: Int
    ) {
        let model = InvertedModel.random(labels: labels, features: 40, unit: 0.125, seed: 30)
        let documents = documents(60, features: 40, unit: 0.5)
        for (document, found) in zip(documents, model.top(documents, k: k)) {
            #expect(same(found, model.reference(document, k: k)))
        }
    }

    /// Any numbers: the same bits however labels are dealt over indices.
    @Test(arguments: [1, 17, 100, 299]) func cutsGiveTheSameBits(size: Int) {
        let model = InvertedModel.random(labels: 300, features: 40, unit: 0, seed: 32)
        let documents = documents(40, features: 40, unit: 0), whole = model.top(documents, k: 20)
        var parts = [[(id: Int32, score: Float)]](repeating: [], count: documents.count)
        for from in stride(from: 0, to: 300, by: size) {
            let range = from..<min(from + size, 300)
            for (d, found) in model.slice(range).top(documents, k: 20, firstID: Int32(from)).enumerated() {
                parts[d] += found.filter { $0.id >= 0 }
            }
        }
        for (found, all) in zip(parts, whole) { #expect(same(InvertedModel.best(found, 20), all)) }
    }

    /// A sum that falls to nothing, -0 among them, is a sum: its label is met once.
    @Test func sumsOfZero() {
        let tiny = Float.leastNonzeroMagnitude
        let model = InvertedModel(
            features: 3, labels: [[(0, tiny), (1, tiny), (2, 1)], [(0, 1), (1, 1)], []], biases: [0, 0, -0.0])
        let found = model.top([[(0, -tiny), (1, -tiny), (2, 0)], [(0, 1), (1, -1)], [(2, 1)]], k: 4)
        #expect(found.map { $0.map(\.id) } == [[0, 2, 1, -1], [0, 1, 2, -1], [0, 1, 2, -1]])
        #expect(found[2][0].score == 1)
    }

    /// 10⁸ − 10⁸ + 1 is 1 in this order, and 0 from behind.
    @Test func sumsGoInTheDocumentsOrder() {
        let model = InvertedModel(features: 3, labels: [[(0, 1e8), (1, -1e8), (2, 1)]], biases: [0])
        #expect(model.top([[(0, 1), (1, 1), (2, 1)]], k: 1)[0][0].score == 1)
    }
}
