import Devices

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

    init(
        _ name: String, input: LayerShape, sizes: [Int], filters: Int, chunks: Int, _ layout: inout ParameterLayout,
        on device: any Device
    ) {
        self.input = input
        self.filters = filters
        self.chunks = chunks
        output = LayerShape(dims: sizes.count * filters * chunks, isSequence: false)
        var convolutions: [Convolution] = []
        for (number, size) in sizes.enumerated() {
            convolutions.append(
                Convolution("\(name).conv.\(number)", inputDims: input.dims, size: size, filters: filters, &layout, on: device))
        }
        self.convolutions = convolutions
    }

    func prepare(_ values: Tensor, training: Bool, on device: any Device) {
        for convolution in convolutions { convolution.prepare(values, training: training, on: device) }
    }

    /// Numbers of this layer's memory; those of each convolution come after them.
    private enum Memory { static let result = 0, inputGradient = 1, firstOfConvolutions = 2 }

    /// One convolution's memory: windows (tokens×size·D), their products with the filters (tokens×filters), and where the
    /// maxima are (rows×filters·chunks).
    private struct Room {
        let windows: Tensor, product: Tensor, places: Tensor
    }

    private func room(_ number: Int, _ pass: LayerPass) -> Room {
        let first = Memory.firstOfConvolutions + 3 * number, tokens = pass.plan.tokens
        return Room(
            windows: pass.tape.tensor(first, rows: tokens, dims: convolutions[number].windowWidth, padded: false),
            product: pass.tape.tensor(first + 1, rows: tokens, dims: filters),
            places: pass.tape.tensor(first + 2, rows: pass.plan.rows, dims: filters * chunks, padded: false))
    }

    /// The columns of the output that a convolution makes.
    private func columns(_ number: Int) -> Range<Int> { number * filters * chunks..<(number + 1) * filters * chunks }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let device = pass.device, starts = pass.plan.starts
        let result = pass.activations(Memory.result, output)
        device.fill(result, 0)
        for (number, convolution) in convolutions.enumerated() {
            let room = room(number, pass)
            device.windows(x, starts: starts, size: convolution.size, into: room.windows)
            device.multiply(room.windows, convolution.product, into: room.product, accumulate: false)
            device.chunkMax(
                room.product, starts: starts, bias: pass.values.matrix(convolution.bias), chunks: chunks,
                into: result.columns(columns(number)), places: room.places)
        }
        return result
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        let device = pass.device, starts = pass.plan.starts
        let dx = pass.activations(Memory.inputGradient, input)
        device.fill(dx, 0)
        for (number, convolution) in convolutions.enumerated() {
            let room = room(number, pass), dProduct = room.product
            device.chunkMaxBackward(
                g.columns(columns(number)), starts: starts, chunks: chunks, places: room.places, into: dProduct)
            device.multiply(transposed: dProduct, room.windows, into: gradient.matrix(convolution.weight))
            device.columnSums(dProduct, into: gradient.matrix(convolution.bias))
            guard wantsInput else { continue }
            // The windows are no longer wanted: their memory takes their gradient.
            device.multiply(dProduct, convolution.backProduct, into: room.windows, accumulate: false)
            device.windowsBackward(room.windows, starts: starts, size: convolution.size, addedTo: dx)
        }
        return wantsInput ? dx : nil
    }
}

/// The filters of one size: filters×(size·D), a window's vectors one after the other.
final class Convolution: Sendable {
    let size: Int, windowWidth: Int
    let weight: ParameterSlot, bias: ParameterSlot
    let product: PreparedMatrix, backProduct: PreparedMatrix

    /// Starts as torch's `Conv1d`: U(−1/√(size·D), 1/√(size·D)).
    init(
        _ name: String, inputDims: Int, size: Int, filters: Int, _ layout: inout ParameterLayout, on device: any Device
    ) {
        self.size = size
        windowWidth = size * inputDims
        let start = ParameterLayout.Start.uniform(bound: 1 / Float(windowWidth).squareRoot())
        weight = layout.add("\(name).weight", rows: filters, cols: windowWidth, start)
        bias = layout.add("\(name).bias", rows: 1, cols: filters, start)
        product = device.preparedMatrix(inner: windowWidth, cols: filters)
        backProduct = device.preparedMatrix(inner: filters, cols: windowWidth)
    }

    func prepare(_ values: Tensor, training: Bool, on device: any Device) {
        device.prepare(product, from: values.matrix(weight), transposed: true)
        if training { device.prepare(backProduct, from: values.matrix(weight), transposed: false) }
    }
}
