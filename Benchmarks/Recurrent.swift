import COpenBLAS
import DeepXMLModel
import Devices
import Support

/// The recurrent step at the trainer's shapes against bare sgemm on one core.
enum Recurrent {
    static let batch = 255, blocks = 8, hidden = 256

    /// Flop/s of an LSTM's pass forward and backward over a batch in blocks, sequences of 1 … 30 tokens, against those of sgemm
    /// for the products with the input of a whole batch.
    static func lstm() throws {
        let layer = LayerDescription(
            kind: "rnn", numbers: ["hidden_size": Double(hidden)], texts: ["cell_type": "LSTM"])
        let stack = try EncoderStack(
            coarse: [layer], fine: [], inputDims: hidden, streams: RandomStreams(seed: 1, module: 1), on: Steps.device)
        let passes = (0..<blocks).map { block in
            RecurrentBlock(stack, rows: batch * block / blocks..<batch * (block + 1) / blocks)
        }
        let tokens = passes.reduce(0) { $0 + $1.tokens }, gates = 4 * hidden
        let x = DenseMatrix(rows: tokens, cols: hidden), out = DenseMatrix(rows: tokens, cols: gates)
        x.buffer.fill(0.5)
        let seconds = fewestCPUSeconds(
            rounds: 7,
            [
                {
                    stack.prepare(training: true)
                    for pass in passes { pass.run() }
                },
                {
                    cblas_sgemm(
                        CblasRowMajor, CblasNoTrans, CblasTrans, Int32(tokens), Int32(gates), Int32(hidden), 1, x.pointer,
                        Int32(hidden), Steps.device.matrix(stack.parameters.value).pointer, Int32(hidden), 0, out.pointer,
                        Int32(gates))
                },
            ])
        // Products with the input and with the state; each once forward and twice backward. The first token has no state.
        let product = 2 * Double(gates) * Double(hidden)
        let flops = 3 * product * Double(tokens) + 3 * product * Double(tokens - batch), bound = product * Double(tokens)
        let (own, sgemm) = (flops / seconds[0] / 1e9, bound / seconds[1] / 1e9)
        report(
            "LSTM step, B \(batch), hidden \(hidden), \(tokens / batch) tokens", "\(rounded(own)) GFLOP/s",
            "sgemm \(rounded(sgemm)) GFLOP/s", own / sgemm, "≥ 0.5")
    }
}

/// One block's rows, and memory for its passes.
private final class RecurrentBlock {
    let stack: EncoderStack
    let tokens: Int
    private let block: EncoderBlock
    private let dx: Tensor, hidden: Tensor, z: Tensor, dz: Tensor, gradient: Tensor
    private let tape = EncoderTape(on: Steps.device)

    init(_ stack: EncoderStack, rows: Range<Int>) {
        self.stack = stack
        var ends: [Int64] = [0]
        for row in rows { ends.append((ends.last ?? 0) + Int64(1 + row * 17 % 30)) }
        tokens = Int(ends.last ?? 0)
        let device = Steps.device, x = device.paddedTensor(rows: tokens, dims: stack.inputDims)
        device.fill(x, 0.5)
        block = EncoderBlock(ids: rows.map(Int32.init), starts: ends, x: x)
        dx = device.paddedTensor(rows: tokens, dims: stack.inputDims)
        hidden = device.paddedTensor(rows: rows.count, dims: stack.intermediateDims)
        z = device.paddedTensor(rows: rows.count, dims: stack.outputDims)
        dz = device.paddedTensor(rows: rows.count, dims: stack.outputDims)
        device.fill(dz, 0.1)
        gradient = device.tensor(rows: 1, cols: stack.gradientLength)
    }

    func run() {
        stack.forward(block, step: 1, intermediate: hidden, output: z, tape: tape)
        stack.backward(
            block, outputGradient: dz, tape: tape, trainsCoarse: true, gradient: gradient, inputGradient: dx)
    }
}
