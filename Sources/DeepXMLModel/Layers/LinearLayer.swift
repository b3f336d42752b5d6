import Kernels

/// y = x Wᵀ + b, W of out×in, on each vector (torch's `Linear`).
final class LinearLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape
    private let weight: ParameterSlot, bias: ParameterSlot?
    private let product: PackedMatrix, backProduct: PackedMatrix

    /// Kaiming-uniform with a = √5 as torch: W, b ~ U(−1/√in, 1/√in).
    init(_ name: String, input: LayerShape, outputDims: Int, hasBias: Bool, _ layout: inout ParameterLayout) {
        self.input = input
        output = LayerShape(dims: outputDims, isSequence: input.isSequence)
        let start = ParameterLayout.Start.uniform(bound: 1 / Float(input.dims).squareRoot())
        weight = layout.add("\(name).weight", rows: outputDims, cols: input.dims, start)
        bias = hasBias ? layout.add("\(name).bias", rows: 1, cols: outputDims, start) : nil
        product = PackedMatrix(inner: input.dims, cols: outputDims)
        backProduct = PackedMatrix(inner: outputDims, cols: input.dims)
    }

    func prepare(_ values: UnsafeMutablePointer<Float>, training: Bool) {
        product.pack(values + weight.range.lowerBound, transposed: true)
        if training { backProduct.pack(values + weight.range.lowerBound, transposed: false) }
    }

    func forward(_ x: UnsafePointer<Float>, _ pass: LayerPass) -> UnsafePointer<Float> {
        let count = pass.count(input)
        let y = pass.tape.floats(0, count * output.ld)
        product.multiply(rows: count, x, lda: input.ld, into: y, ldc: output.ld)
        if let bias { dx_add_bias(y, count, output.dims, output.ld, pass.values + bias.range.lowerBound) }
        return UnsafePointer(y)
    }

    func backward(
        _ g: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, _ pass: LayerPass, gradient: UnsafeMutablePointer<Float>,
        wantsInput: Bool
    ) -> UnsafeMutablePointer<Float>? {
        let count = pass.count(input)
        Gemm.transposedTimes(
            m: output.dims, n: input.dims, k: count, g, lda: output.ld, x, ldb: input.ld,
            into: gradient + weight.range.lowerBound, ldc: input.dims)
        if let bias { dx_column_sums(g, count, output.dims, output.ld, gradient + bias.range.lowerBound) }
        guard wantsInput else { return nil }
        let dx = pass.tape.floats(1, count * input.ld)
        backProduct.multiply(rows: count, g, lda: output.ld, into: dx, ldc: input.ld)
        return dx
    }
}
