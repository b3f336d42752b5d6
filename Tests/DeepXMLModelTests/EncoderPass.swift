import DeepXMLModel
import Devices
import Kernels
import Support

/// Documents for an encoder, each document's numbers hanging on its id alone; and one block's passes over them.
final class EncoderPass {
    let stack: EncoderStack
    let ids: Buffer<Int32>
    /// nil: dense features.
    let starts: Buffer<Int64>?
    let x: DenseMatrix
    let weights: Buffer<Float>
    let intermediate: DenseMatrix, output: DenseMatrix
    let tape = EncoderTape()
    var rows: Int { ids.count }

    /// - Parameter lengths: of the rows' sequences; nil: dense features.
    init(_ stack: EncoderStack, ids: [Int32], lengths: [Int]?) {
        self.stack = stack
        self.ids = Buffer(ids)
        let vectors = lengths ?? ids.map { _ in 1 }
        starts = lengths.map { lengths in
            Buffer(lengths.indices.reduce(into: [Int64(0)]) { $0.append($0[$1] + Int64(lengths[$1])) })
        }
        x = DenseMatrix(rows: vectors.reduce(0, +), cols: paddedWidth(stack.inputDims))
        weights = Buffer(count: x.rows)
        intermediate = DenseMatrix(rows: ids.count, cols: paddedWidth(stack.intermediateDims))
        output = DenseMatrix(rows: ids.count, cols: paddedWidth(stack.outputDims))
        // What a pass leaves unwritten is seen.
        intermediate.buffer.fill(.nan)
        output.buffer.fill(.nan)
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

    var block: EncoderBlock {
        EncoderBlock(
            rows: rows, ids: ids.pointer, starts: starts.map { UnsafePointer($0.pointer) }, weights: weights.pointer, x: x.pointer
        )
    }

    func forward(step: Int?, keepsTape: Bool = true) {
        stack.forward(
            block, step: step, intermediate: intermediate.pointer, output: output.pointer, tape: keepsTape ? tape : nil)
    }

    /// The gradients of Σ c·z: of the parameters, and of the input.
    func backward(_ c: DenseMatrix, trainsCoarse: Bool = true) -> (parameters: Buffer<Float>, input: DenseMatrix) {
        let gradient = Buffer<Float>(count: stack.gradientLength)
        let dx = DenseMatrix(rows: x.rows, cols: x.cols)
        gradient.fill(.nan)
        dx.buffer.fill(.nan)
        stack.backward(
            block, outputGradient: c.pointer, tape: tape, trainsCoarse: trainsCoarse, gradient: gradient.pointer,
            inputGradient: trainsCoarse ? dx.pointer : nil)
        return (gradient, dx)
    }

    /// Σ c·z after a forward pass.
    func loss(_ c: DenseMatrix, step: Int?) -> Double {
        stack.prepare(training: false)
        forward(step: step)
        return (0..<rows).reduce(0.0) { sum, row in
            (0..<stack.outputDims).reduce(sum) { $0 + Double(c[row, $1]) * Double(output[row, $1]) }
        }
    }
}

/// Everything but the padding, which must be zero.
func unpadded(_ matrix: DenseMatrix, cols: Int) -> [Float]? {
    for row in 0..<matrix.rows { for col in cols..<matrix.cols where matrix[row, col] != 0 { return nil } }
    return (0..<matrix.rows).flatMap { row in (0..<cols).map { matrix[row, $0] } }
}
