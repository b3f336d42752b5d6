import Devices
import Kernels

/// The convolutions of XML-CNN (Liu et al., SIGIR 2017, §3): windows of several sizes over the tokens, ReLU, and dynamic max
/// pooling into p chunks. A row without tokens gives zeros.
///
/// Sequences keep their length: each is padded with zeros, ⌊(size − 1)/2⌋ before it and the rest behind. Chunks are
/// those of torch's `adaptive_max_pool1d`; where a sequence is shorter than p, they overlap.
/// Output: by filter size, then filter, then chunk.
final class ConvolutionLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape
    private let convolutions: [Convolution]
    private let filters: Int, chunks: Int

    init(_ name: String, input: LayerShape, sizes: [Int], filters: Int, chunks: Int, _ layout: inout ParameterLayout) {
        self.input = input
        self.filters = filters
        self.chunks = chunks
        output = LayerShape(dims: sizes.count * filters * chunks, isSequence: false)
        var convolutions: [Convolution] = []
        for (number, size) in sizes.enumerated() {
            convolutions.append(
                Convolution("\(name).conv.\(number)", inputDims: input.dims, size: size, filters: filters, &layout))
        }
        self.convolutions = convolutions
    }

    func prepare(_ values: UnsafeMutablePointer<Float>, training: Bool) {
        for convolution in convolutions { convolution.prepare(values, training: training) }
    }

    /// Numbers of this layer's memory; floats of each convolution (windows, products) come after them.
    private enum Memory {
        static let result = 0, inputGradient = 1
        static func windows(_ convolution: Int) -> Int { 2 + 2 * convolution }
        static func product(_ convolution: Int) -> Int { 3 + 2 * convolution }
    }

    func forward(_ x: UnsafePointer<Float>, _ pass: LayerPass) -> UnsafePointer<Float> {
        let plan = pass.plan
        let result = pass.tape.floats(Memory.result, plan.rows * output.ld)
        result.update(repeating: 0, count: plan.rows * output.ld)
        for (number, convolution) in convolutions.enumerated() {
            let width = convolution.windowWidth, ld = paddedWidth(filters)
            let windows = pass.tape.floats(Memory.windows(number), plan.tokens * width)
            let product = pass.tape.floats(Memory.product(number), plan.tokens * ld)
            let places = pass.tape.integers(number, plan.rows * filters * chunks)
            for row in 0..<plan.rows {
                let start = Int(plan.starts[row])
                dx_windows(
                    x + start * input.ld, input.ld, plan.length(row), input.dims, convolution.size, windows + start * width)
            }
            convolution.product.multiply(rows: plan.tokens, windows, lda: width, into: product, ldc: ld)
            for row in 0..<plan.rows where plan.length(row) > 0 {
                dx_chunk_max(
                    product + Int(plan.starts[row]) * ld, ld, plan.length(row), filters, chunks,
                    pass.values + convolution.bias.range.lowerBound, result + row * output.ld + number * filters * chunks,
                    places + row * filters * chunks)
            }
        }
        return UnsafePointer(result)
    }

    func backward(
        _ g: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, _ pass: LayerPass, gradient: UnsafeMutablePointer<Float>,
        wantsInput: Bool
    ) -> UnsafeMutablePointer<Float>? {
        let plan = pass.plan, ld = paddedWidth(filters)
        let dx = pass.tape.floats(Memory.inputGradient, plan.tokens * input.ld)
        dx.update(repeating: 0, count: plan.tokens * input.ld)
        for (number, convolution) in convolutions.enumerated() {
            let width = convolution.windowWidth
            let windows = pass.tape.floats(Memory.windows(number), plan.tokens * width)
            let dProduct = pass.tape.floats(Memory.product(number), plan.tokens * ld)
            let places = pass.tape.integers(number, plan.rows * filters * chunks)
            for row in 0..<plan.rows where plan.length(row) > 0 {
                dx_chunk_max_backward(
                    g + row * output.ld + number * filters * chunks, places + row * filters * chunks, plan.length(row), filters,
                    chunks, dProduct + Int(plan.starts[row]) * ld, ld)
            }
            Gemm.transposedTimes(
                m: filters, n: width, k: plan.tokens, dProduct, lda: ld, windows, ldb: width,
                into: gradient + convolution.weight.range.lowerBound, ldc: width)
            dx_column_sums(dProduct, plan.tokens, filters, ld, gradient + convolution.bias.range.lowerBound)
            guard wantsInput else { continue }
            // The windows are no longer wanted: their memory takes their gradient.
            convolution.backProduct.multiply(rows: plan.tokens, dProduct, lda: ld, into: windows, ldc: width)
            for row in 0..<plan.rows {
                let start = Int(plan.starts[row])
                dx_windows_backward(
                    windows + start * width, plan.length(row), input.dims, convolution.size, dx + start * input.ld, input.ld)
            }
        }
        return wantsInput ? dx : nil
    }
}

/// The filters of one size: filters×(size·D), a window's vectors one after the other.
private final class Convolution: Sendable {
    let size: Int, windowWidth: Int
    let weight: ParameterSlot, bias: ParameterSlot
    let product: PackedMatrix, backProduct: PackedMatrix

    /// Starts as torch's `Conv1d`: U(−1/√(size·D), 1/√(size·D)).
    init(_ name: String, inputDims: Int, size: Int, filters: Int, _ layout: inout ParameterLayout) {
        self.size = size
        windowWidth = size * inputDims
        let start = ParameterLayout.Start.uniform(bound: 1 / Float(windowWidth).squareRoot())
        weight = layout.add("\(name).weight", rows: filters, cols: windowWidth, start)
        bias = layout.add("\(name).bias", rows: 1, cols: filters, start)
        product = PackedMatrix(inner: windowWidth, cols: filters)
        backProduct = PackedMatrix(inner: filters, cols: windowWidth)
    }

    func prepare(_ values: UnsafeMutablePointer<Float>, training: Bool) {
        product.pack(values + weight.range.lowerBound, transposed: true)
        if training { backProduct.pack(values + weight.range.lowerBound, transposed: false) }
    }
}
