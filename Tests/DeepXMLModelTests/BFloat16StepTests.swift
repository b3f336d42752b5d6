import DeepXMLModel
import Devices
import Foundation
import Support
import Testing

/// The one-vs-all step with bfloat16 inputs, against the same in plain loops of double precision over rounded inputs.
@Suite struct BFloat16StepTests {
    private let batch = 30, dims = 20, labels = 200
    private let adam = Adam.dense(learningRate: 0.01, step: 1)

    /// To nearest, ties to even.
    private func rounded(_ x: Double) -> Double {
        let bits = Float(x).bitPattern
        return Double(Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000))
    }

    private func classifier() -> ClassifierShard {
        let shard = ClassifierShard(labels: 0..<labels, dims: dims, RandomStreams(seed: 4, module: 3), on: cpu)
        for i in 0..<labels * shard.ld { shard.weight.value.host.buffer[i] *= 3 }
        return shard
    }

    private var positives: [(row: Int32, label: Int32)] {
        (0..<batch).flatMap { row in [3, 80, 150].map { (Int32(row), Int32($0 + row)) } }
    }

    private func step(
        _ shard: ClassifierShard, room: Int, loss: ClassifierLossKind = .bce, precision: ClassifierPrecision
    ) -> any ClassifierOperation {
        let rows = (0..<batch).map { row in positives.filter { $0.row == row }.map { ($0.label, Float(1)) } }
        return cpu.oneVsAll(
            ClassifierTask(
                classifier: shard, leaves: [0..<labels], truth: CSRMatrix(cols: labels, rows: rows, binary: true),
                batchSize: room,
                loss: loss), precision: precision)
    }

    private func run(_ step: any ClassifierOperation, _ z: DenseMatrix, batch: Int, room: Int) -> (DenseMatrix, Double) {
        let dz = cpu.tensor(rows: room, cols: z.cols)
        step.prepare(docs: (0..<Int32(batch)).map { $0 }, stream: RandomStreams(seed: 1, module: 1).stream(.negatives, step: 0))
        let sum = step.run(0..<1, z: z.tensor, step: adam, dz: dz.rows(0..<batch)).values()[0]
        return (dz.rows(0..<batch).host, sum)
    }

    @Test(arguments: ClassifierLossKind.allCases) func followsRoundedInputs(loss: ClassifierLossKind) {
        let shard = classifier(), z = noise(rows: batch, cols: dims, scale: 1, seed: 3)
        let W = Matrix(shard.weight.value, cols: dims), b = Matrix(shard.bias.value, cols: 1), x = Matrix(z, cols: dims)
        let (dz, _) = run(step(shard, room: batch, loss: loss, precision: .bfloat16), z, batch: batch, room: batch)
        let positive = Set(positives.map { Int($0.row) * labels + Int($0.label) })
        let scale = Double(1 / Float(batch * labels))
        var expectedZ = Matrix(rows: batch, cols: dims), expectedW = Matrix(rows: labels, cols: dims)
        for row in 0..<batch {
            for label in 0..<labels {
                let logit = (0..<dims).reduce(b[label, 0]) { $0 + rounded(W[label, $1]) * rounded(x[row, $1]) }
                let g = rounded(slope(loss, logit, positive.contains(row * labels + label)) * scale)
                for c in 0..<dims {
                    expectedZ[row, c] += g / scale * rounded(W[label, c])
                    expectedW[label, c] += g / scale * rounded(x[row, c])
                }
            }
        }
        var foundZ = Matrix(dz, cols: dims), foundW = gradientOfFirstStep(shard.weight, cols: dims)
        for i in foundZ.values.indices { foundZ.values[i] /= scale }
        for i in foundW.values.indices { foundW.values[i] /= scale }
        // A logit on the border of two roundings may take the other.
        expectClose(foundZ, expectedZ, "∂z", tolerance: 3e-4)
        expectClose(foundW, expectedW, "∂W", tolerance: 3e-4)
        #expect((0..<batch).allSatisfy { row in (dims..<shard.ld).allSatisfy { dz[row, $0] == 0 } }, "padding of ∂z")
        #expect((0..<labels).allSatisfy { row in (dims..<shard.ld).allSatisfy { shard.weight.value.host[row, $0] == 0 } })
    }

    private func slope(_ loss: ClassifierLossKind, _ logit: Double, _ positive: Bool) -> Double {
        let sign = positive ? 1.0 : -1.0, short = max(0, 1 - sign * logit)
        switch loss {
        case .bce: return 1 / (1 + exp(-logit)) - (positive ? 1 : 0)
        case .hinge: return short > 0 ? -sign : 0
        case .squaredHinge: return -2 * sign * short
        }
    }

    /// The last batch of an epoch is smaller than the step has room for.
    @Test(arguments: ClassifierPrecision.allCases) func aSmallerBatch(precision: ClassifierPrecision) {
        let z = noise(rows: 7, cols: dims, scale: 1, seed: 9)
        let results = [7, 30].map { room in
            let shard = classifier()
            let (dz, sum) = run(step(shard, room: room, precision: precision), z, batch: 7, room: room)
            return (dz.buffer.array + shard.weight.value.host.buffer.array, sum)
        }
        #expect(results[0].0 == results[1].0 && results[0].1 == results[1].1)
    }

    /// Rounding to bfloat16 moves the loss by little.
    @Test func theLossIsNearThatOfFloat32() {
        let z = noise(rows: batch, cols: dims, scale: 1, seed: 3)
        let sums = ClassifierPrecision.allCases.map { precision in
            run(step(classifier(), room: batch, precision: precision), z, batch: batch, room: batch).1
        }
        #expect(abs(sums[0] - sums[1]) < 1e-3 * sums[0])
        #expect(sums[0] != sums[1])
    }
}
