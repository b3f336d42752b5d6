import COpenBLAS
import DeepXMLModel
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
            StackBlock(stack, rows: batch * block / blocks..<batch * (block + 1) / blocks) { 1 + $0 * 17 % 30 }
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
        let flops = flops(tokens: tokens, batch: batch), bound = 2 * Double(gates) * Double(hidden) * Double(tokens)
        let (own, sgemm) = (flops / seconds[0] / 1e9, bound / seconds[1] / 1e9)
        report(
            "LSTM step, B \(batch), hidden \(hidden), \(tokens / batch) tokens", "\(rounded(own)) GFLOP/s",
            "sgemm \(rounded(sgemm)) GFLOP/s", own / sgemm, "≥ 0.5")
    }

    /// Products with the input and with the state; each once forward and twice backward. The first token has no state.
    static func flops(tokens: Int, batch: Int) -> Double {
        3 * 2 * Double(4 * hidden) * Double(hidden) * (Double(tokens) + Double(tokens - batch))
    }
}
