import Kernels
import Support

/// z = pad(x) + dropout(ReLU(R̄ x + b)), R̄ = R/σ(R) of out×in (WSDM 2021, §4); x is cut or padded with zeros to out.
final class ResidualLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape
    private let weight: ParameterSlot, bias: ParameterSlot, u: ParameterSlot, v: ParameterSlot
    private let site: DropoutSite
    /// R̄ of the last `prepare`, without padding; and σ.
    private let effective: Buffer<Float>, sigma = Buffer<Float>(count: 1)
    private let product: PackedMatrix, backProduct: PackedMatrix

    /// - Parameter startsAtRandom: R Xavier-uniform with ReLU gain √2, else the identity; b = 0.
    init(
        _ name: String, input: LayerShape, outputDims: Int, dropout: Double, startsAtRandom: Bool,
        _ layout: inout ParameterLayout
    ) {
        self.input = input
        output = LayerShape(dims: outputDims, isSequence: input.isSequence)
        let bound = Float((12 / Double(outputDims + input.dims)).squareRoot())
        weight = layout.add(
            "\(name).weight", rows: outputDims, cols: input.dims, startsAtRandom ? .uniform(bound: bound) : .eye)
        bias = layout.add("\(name).bias", rows: 1, cols: outputDims, .zeros)
        u = layout.add("\(name).weight_u", rows: 1, cols: outputDims, .direction, isTrained: false)
        v = layout.add("\(name).weight_v", rows: 1, cols: input.dims, .direction, isTrained: false)
        site = layout.addDropout(dropout)
        effective = Buffer(count: outputDims * input.dims)
        product = PackedMatrix(inner: input.dims, cols: outputDims)
        backProduct = PackedMatrix(inner: outputDims, cols: input.dims)
    }

    func prepare(_ values: UnsafeMutablePointer<Float>, training: Bool) {
        let weight = values + weight.range.lowerBound, u = values + u.range.lowerBound, v = values + v.range.lowerBound
        let matrix: PowerIteration.Matrix = (UnsafePointer(weight), output.dims, input.dims, input.dims)
        sigma[0] = training ? PowerIteration.iterate(matrix, u: u, v: v) : PowerIteration.sigma(matrix, u: u, v: v)
        let inverse = 1 / sigma[0]
        for i in 0..<effective.count { effective.pointer[i] = weight[i] * inverse }
        product.pack(effective.pointer, transposed: true)
        if training { backProduct.pack(effective.pointer, transposed: false) }
    }

    func forward(_ x: UnsafePointer<Float>, _ pass: LayerPass) -> UnsafePointer<Float> {
        let count = pass.count(input), ld = output.ld
        let activation = pass.tape.floats(0, count * ld), z = pass.tape.floats(1, count * ld)
        product.multiply(rows: count, x, lda: input.ld, into: activation, ldc: ld)
        dx_add_bias(activation, count, output.dims, ld, pass.values + bias.range.lowerBound)
        site.apply(activation, shape: output, relu: true, pass)
        z.update(from: activation, count: count * ld)
        for row in 0..<count { dx_add(z + row * ld, x + row * input.ld, min(input.dims, output.dims)) }
        return UnsafePointer(z)
    }

    func backward(
        _ g: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, _ pass: LayerPass, gradient: UnsafeMutablePointer<Float>,
        wantsInput: Bool
    ) -> UnsafeMutablePointer<Float>? {
        let count = pass.count(input), ld = output.ld
        let dh = pass.tape.floats(2, count * ld)
        dh.update(from: g, count: count * ld)
        dx_relu_dropout_backward(dh, pass.tape.floats(0, count * ld), count * ld, pass.isTraining ? site.keep : 1)
        Gemm.transposedTimes(
            m: output.dims, n: input.dims, k: count, dh, lda: ld, x, ldb: input.ld, into: gradient + weight.range.lowerBound,
            ldc: input.dims)
        dx_column_sums(dh, count, output.dims, ld, gradient + bias.range.lowerBound)
        guard wantsInput else { return nil }
        let dx = pass.tape.floats(3, count * input.ld)
        backProduct.multiply(rows: count, dh, lda: ld, into: dx, ldc: input.ld)
        for row in 0..<count { dx_add(dx + row * input.ld, g + row * ld, min(input.dims, output.dims)) }
        return dx
    }

    /// R̄ depends on R also through σ = uᵀRv: ∂R = (∂R̄ − ⟨∂R̄, R̄⟩ u vᵀ)/σ.
    func finish(gradient: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>, _ step: FinishedStep) {
        let dR = gradient + weight.range.lowerBound, u = values + u.range.lowerBound, v = values + v.range.lowerBound
        let inner = dx_dot(dR, effective.pointer, effective.count), inverse = 1 / sigma[0]
        for i in 0..<output.dims {
            let row = dR + i * input.dims, scale = inner * u[i]
            for j in 0..<input.dims { row[j] = (row[j] - scale * v[j]) * inverse }
        }
    }
}
