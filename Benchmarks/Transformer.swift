import COpenBLAS
import DeepXMLModel
import Devices
import Support

/// A transformer's layer at MiniLM's sizes against bare sgemm on one core.
enum Transformer {
    static let hidden = 384, inner = 1536, heads = 12, blocks = 8

    /// Flop/s of a pass forward and backward over a batch in blocks, dropout and all, against those of sgemm for the first product
    /// of the feed-forward network of a whole batch.
    static func step(batch: Int, tokens: Int) throws {
        let stack = try stack(on: Steps.device)
        let passes = (0..<blocks).map { block in
            StackBlock(stack, rows: batch * block / blocks..<batch * (block + 1) / blocks) { _ in tokens }
        }
        let vectors = batch * tokens
        let x = DenseMatrix(rows: vectors, cols: hidden), out = DenseMatrix(rows: vectors, cols: inner)
        let weights = DenseMatrix(rows: inner, cols: hidden)
        x.buffer.fill(0.5)
        weights.buffer.fill(0.25)
        let seconds = fewestCPUSeconds(
            rounds: 5,
            [
                {
                    stack.prepare(training: true)
                    for pass in passes { pass.run() }
                },
                {
                    cblas_sgemm(
                        CblasRowMajor, CblasNoTrans, CblasTrans, Int32(vectors), Int32(inner), Int32(hidden), 1, x.pointer,
                        Int32(hidden), weights.pointer, Int32(hidden), 0, out.pointer, Int32(inner))
                },
            ])
        let flops = flops(vectors: vectors, length: tokens), bound = 2 * Double(hidden * inner) * Double(vectors)
        let (own, sgemm) = (flops / seconds[0] / 1e9, bound / seconds[1] / 1e9)
        report(
            "transformer layer, B \(batch), hidden \(hidden), \(tokens) tokens", "\(rounded(own)) GFLOP/s",
            "sgemm \(rounded(sgemm)) GFLOP/s", own / sgemm, "≥ 0.6")
    }

    static func stack(on device: any Device) throws -> EncoderStack {
        let numbers: [String: Double] = [
            "num_layers": 1, "num_heads": Double(heads), "intermediate_size": Double(inner), "positions": 512,
        ]
        return try EncoderStack(
            coarse: [LayerDescription(kind: "transformer", numbers: numbers), LayerDescription(kind: "pooling")], fine: [],
            inputDims: hidden, streams: RandomStreams(seed: 1, module: 1), on: device)
    }

    /// Each product once forward and twice backward: four of hidden×hidden, two of hidden×inner, and attention's two.
    static func flops(vectors: Int, length: Int) -> Double {
        let products: Int = 4 * hidden * hidden + 2 * hidden * inner + 2 * length * hidden
        return 6 * Double(products) * Double(vectors)
    }
}
