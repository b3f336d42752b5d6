import DeepXMLModel
import Devices
import Support

/// Encoder, residual and classifier as one process without threads would train them: the modules' parts put together as
/// DESIGN.md §1 says, apart from Worker's own composition.
final class AstecNetwork {
    let encoder: EmbeddingShard
    let residual: Residual
    let classifier: ClassifierShard
    let trainsEncoder: Bool
    private let features: CSRMatrix
    private let x: Tensor, z: Tensor, activation: Tensor, dz: Tensor, scratch: Tensor
    private let encoded: Tensor, dx: Tensor
    private let learningRate: Double
    private let dims: Int

    /// Summed loss of a batch (before the mean), and ∂z; updates the classifier.
    typealias Loss = (_ docs: [Int32], _ z: DenseMatrix, _ dz: DenseMatrix, _ step: Int) -> Double

    init(_ oracle: AstecOracle, trainsEncoder: Bool) {
        let streams = RandomStreams(seed: 1, module: 1)
        let batch = oracle.data.batches.map(\.count).max() ?? 0
        dims = oracle.dims
        learningRate = oracle.learningRate
        features = oracle.features
        self.trainsEncoder = trainsEncoder
        encoder = EmbeddingShard(vocabulary: oracle.vocabulary, columns: 0..<dims, on: cpu)
        residual = Residual(dims: dims, streams, on: cpu)
        classifier = ClassifierShard(labels: 0..<oracle.labelCount, dims: dims, streams, on: cpu)
        func activations() -> Tensor { cpu.paddedTensor(rows: batch, dims: oracle.dims) }
        (x, z, activation, dz, scratch) = (activations(), activations(), activations(), activations(), activations())
        (encoded, dx) = (cpu.tensor(rows: batch, cols: dims), cpu.tensor(rows: batch, cols: dims))
        start(oracle.start)
    }

    private func start(_ start: AstecOracle.Parameters) {
        set(encoder.table.value.host, start.embeddings)
        set(residual.weight.value.host, start.residual)
        set(residual.bias.value.host, start.residualBias)
        set(classifier.weight.value.host, start.weight)
        set(classifier.bias.value.host, start.bias)
        set(residual.norm.u.host, start.u)
        set(residual.norm.v.host, start.v)
    }

    private func set(_ matrix: DenseMatrix, _ values: [Double]) {
        let cols = values.count / matrix.rows
        for row in 0..<matrix.rows { for col in 0..<cols { matrix[row, col] = Float(values[row * cols + col]) } }
    }

    /// One step, counted from 1.
    ///
    /// - Returns: the summed loss.
    func step(_ step: Int, docs: [Int32], loss: Loss) -> Double {
        let rows = 0..<docs.count, adam = Adam.dense(learningRate: learningRate, step: step)
        let x = x.rows(rows), activation = activation.rows(rows), dx = dx.rows(rows), encoded = encoded.rows(rows)
        encoder.forward(features, docs: docs, dropout: nil, into: encoded)
        cpu.copy(encoded, to: x)
        residual.prepare(training: true)
        residual.forward(x, ids: docs, dropout: nil, activation: activation, z: z.rows(rows))
        let sum = loss(docs, z.padded, dz.padded, step)
        let dz = dz.rows(rows), dh = scratch.rows(rows)
        residual.activationGradient(dz, activation: activation, keep: 1, dh: dh)
        if trainsEncoder { residual.inputGradient(dz, dh: dh, columns: 0..<dims, dx: dx) }
        residual.weightGradient(dh, x: x, rows: 0..<dims)
        residual.finishBackward(rows: 0..<dims, adam)
        if trainsEncoder {
            cpu.dropReluBackward(dx, y: encoded, keep: 1)
            encoder.step(features, docs: docs, gradient: dx, Adam.lazy(learningRate: learningRate, step: step))
        }
        return sum
    }

    /// Parameters as the oracle names them, padding left out.
    var parameters: [String: [Double]] {
        func values(_ matrix: DenseMatrix, _ cols: Int) -> [Double] {
            (0..<matrix.rows).flatMap { row in (0..<cols).map { Double(matrix[row, $0]) } }
        }
        return [
            "embeddings": values(encoder.table.value.host, dims), "residual": values(residual.weight.value.host, dims),
            "residualBias": values(residual.bias.value.host, dims), "u": residual.norm.u.array.map(Double.init),
            "v": residual.norm.v.array.map(Double.init), "weight": values(classifier.weight.value.host, dims),
            "bias": values(classifier.bias.value.host, 1),
        ]
    }
}

extension AstecOracle.Parameters {
    var named: [String: [Double]] {
        [
            "embeddings": embeddings, "residual": residual, "residualBias": residualBias, "u": u, "v": v, "weight": weight,
            "bias": bias,
        ]
    }
}
