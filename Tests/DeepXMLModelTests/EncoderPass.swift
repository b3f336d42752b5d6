import DeepXMLModel
import Devices
import Support

/// Documents for an encoder, whose numbers depend only on their ids; and one block's passes over them.
final class EncoderPass {
    let stack: EncoderStack
    let ids: [Int32]
    /// nil: dense features.
    let starts: [Int64]?
    /// Padding and all.
    let x: DenseMatrix
    let weights: Buffer<Float>
    let intermediate: Tensor, output: Tensor
    let tape = EncoderTape(on: cpu)
    private let input: Tensor, inputWeights: Tensor
    var rows: Int { ids.count }

    /// - Parameter lengths: of the rows' sequences; nil: dense features.
    init(_ stack: EncoderStack, ids: [Int32], lengths: [Int]?) {
        self.stack = stack
        self.ids = ids
        let vectors = lengths ?? ids.map { _ in 1 }
        starts = lengths.map { lengths in
            lengths.indices.reduce(into: [Int64(0)]) { $0.append($0[$1] + Int64(lengths[$1])) }
        }
        input = cpu.paddedTensor(rows: vectors.reduce(0, +), dims: stack.inputDims)
        inputWeights = cpu.tensor(rows: 1, cols: input.rows)
        (x, weights) = (input.padded, inputWeights.host.buffer)
        intermediate = cpu.paddedTensor(rows: ids.count, dims: stack.intermediateDims)
        output = cpu.paddedTensor(rows: ids.count, dims: stack.outputDims)
        // What a pass leaves unwritten is seen.
        cpu.fill(intermediate.withPadding, .nan)
        cpu.fill(output.withPadding, .nan)
        var at = 0
        for (row, id) in ids.enumerated() {
            let source = noise(rows: max(vectors[row], 1), cols: stack.inputDims + 1, scale: 1.5, seed: UInt64(id) + 40)
            for place in 0..<vectors[row] {
                for d in 0..<stack.inputDims { x[at, d] = source[place, d] }
                weights[at] = 1 + source[place, stack.inputDims] / 3
                at += 1
            }
        }
    }

    var block: EncoderBlock { EncoderBlock(ids: ids, starts: starts, weights: inputWeights, x: input) }

    func forward(step: Int?, keepsTape: Bool = true) {
        stack.forward(block, step: step, intermediate: intermediate, output: output, tape: keepsTape ? tape : nil)
    }

    /// The gradients of Σ c·z: of the parameters, and of the input with its padding.
    func backward(_ c: DenseMatrix, trainsCoarse: Bool = true) -> (parameters: Tensor, input: DenseMatrix) {
        let gradient = cpu.tensor(rows: 1, cols: stack.gradientLength), dx = cpu.paddedTensor(rows: x.rows, dims: stack.inputDims)
        cpu.fill(gradient, .nan)
        cpu.fill(dx.withPadding, .nan)
        stack.backward(
            block, outputGradient: c.padded(dims: stack.outputDims), tape: tape, trainsCoarse: trainsCoarse, gradient: gradient,
            inputGradient: trainsCoarse ? dx : nil)
        return (gradient, dx.padded)
    }

    /// Σ c·z after a forward pass.
    func loss(_ c: DenseMatrix, step: Int?) -> Double {
        stack.prepare(training: false)
        forward(step: step)
        let z = output.padded
        return (0..<rows).reduce(0.0) { sum, row in
            (0..<stack.outputDims).reduce(sum) { $0 + Double(c[row, $1]) * Double(z[row, $1]) }
        }
    }
}

/// Everything but the padding, which must be zero.
func unpadded(_ matrix: DenseMatrix, cols: Int) -> [Float]? {
    for row in 0..<matrix.rows { for col in cols..<matrix.cols where matrix[row, col] != 0 { return nil } }
    return (0..<matrix.rows).flatMap { row in (0..<cols).map { matrix[row, $0] } }
}

func unpadded(_ tensor: Tensor, cols: Int) -> [Float]? { unpadded(tensor.padded, cols: cols) }

extension Tensor {
    var array: [Float] { cpu.download(self).array }
}
