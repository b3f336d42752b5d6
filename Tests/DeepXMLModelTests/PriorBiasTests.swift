import DeepXMLModel
import Foundation
import Support
import Testing

@Suite struct PriorBiasTests {
    /// Four documents; label 0 has three of them, 1 none, 2 all, 3 one.
    private let truth = CSRMatrix(
        rows: 4, cols: 4, starts: Buffer<Int64>([0, 2, 4, 5, 8]), indices: Buffer<Int32>([0, 2, 0, 2, 2, 0, 2, 3]), values: nil)
    /// log(n/N); a label without documents counts as if it had one.
    private let expected = [0.75, 0.25, 1, 0.25].map { Float(log($0)) }

    @Test(arguments: [0..<4, 0..<1, 2..<4, 4..<4] as [Range<Int>])
    func biasIsTheLogarithmOfTheShareOfDocuments(labels: Range<Int>) {
        let shard = ClassifierShard(labels: labels, dims: 5, RandomStreams(seed: 4, module: 3), on: cpu)
        let weights = shard.weight.value.host.buffer.array
        shard.setBias(prior: truth)
        #expect(shard.bias.value.host.buffer.array == Array(expected[labels]))
        #expect(shard.weight.value.host.buffer.array == weights)
    }

    @Test(arguments: [0..<4, 0..<1, 2..<4, 4..<4] as [Range<Int>])
    func rareLabelsAreRaisedByTheirPropensity(labels: Range<Int>) {
        let shard = ClassifierShard(labels: labels, dims: 5, RandomStreams(seed: 4, module: 3), on: cpu)
        shard.setBias(prior: truth)
        shard.favourRareLabels(weight: 0.5, inversePropensity: [1, 4, 16, 9])
        let raised = zip(expected, [1, 2, 4, 3] as [Float]).map { $0 + log($1) }
        #expect(zip(shard.bias.value.host.buffer.array, raised[labels]).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    /// The logits of a document without features are its bias: their sigmoids are then the labels' shares.
    @Test func aZeroDocumentGetsThePriors() {
        let shard = ClassifierShard(labels: 0..<4, dims: 5, RandomStreams(seed: 4, module: 3), on: cpu)
        shard.setBias(prior: truth)
        let z = DenseMatrix(rows: 1, cols: shard.ld), rows: [Int32] = [0, 1, 2, 3]
        var logits = [Float](repeating: 0, count: 4)
        rows.withUnsafeBufferPointer { shard.logits(z.pointer, rows: $0, into: &logits) }
        #expect(zip(logits, [0.75, 0.25, 1, 0.25]).allSatisfy { abs(exp($0) - $1) < 1e-6 })
    }
}
