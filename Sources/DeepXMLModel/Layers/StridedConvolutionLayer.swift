import Devices

/// Convolutions of one or several sizes over each row's fixed number of vectors, their results side by side: with a turn before
/// it, over the dimensions of the embeddings (InceptionXML, Kharbanda et al., SIGIR 2023). No activation.
///
/// Window i reaches over the vectors i·stride − left + j, j < size: around the row's ends where it is circular (left =
/// ⌊(size − stride)/2⌋, so that all sizes give ⌊length/stride⌋ vectors); else only within the row (left = 0).
final class StridedConvolutionLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape
    private let convolutions: [Convolution]
    private let sizes: Sizes
    private let length: Int

    struct Sizes {
        var sizes: [Int]
        var filters: Int
        var stride: Int
        var isCircular: Bool

        /// Windows over `length` vectors; below 1: there are none.
        func windows(_ length: Int) -> Int {
            isCircular ? length / stride : (length - (sizes.max() ?? 1)) / stride + 1
        }
    }

    init(_ name: String, input: LayerShape, _ sizes: Sizes, _ layout: inout ParameterLayout, on device: any Device) {
        self.input = input
        self.sizes = sizes
        length = input.length ?? 1
        output = LayerShape(
            dims: sizes.sizes.count * sizes.filters, isSequence: true, length: sizes.windows(input.length ?? 1))
        var convolutions: [Convolution] = []
        for (number, size) in sizes.sizes.enumerated() {
            convolutions.append(
                Convolution(
                    "\(name).conv.\(number)", inputDims: input.dims, size: size, filters: sizes.filters, &layout, on: device))
        }
        self.convolutions = convolutions
    }

    var floatsPerRow: Int {
        let width = convolutions.reduce(2 * output.dims) { $0 + $1.windowWidth + paddedWidth(sizes.filters) }
        return (output.length ?? 0) * width
    }

    func prepare(_ values: Tensor, training: Bool, on device: any Device) {
        for convolution in convolutions { convolution.prepare(values, training: training, on: device) }
    }

    /// Numbers of this layer's memory; the windows of each convolution and their products come after them.
    private enum Memory { static let result = 0, inputGradient = 1, firstOfConvolutions = 2 }

    /// windows×(size·dims) of a convolution; and the same as (windows·size)×dims.
    private func room(_ number: Int, _ pass: LayerPass) -> (windows: Tensor, vectors: Tensor) {
        let size = convolutions[number].size, rows = pass.count(output)
        let windows = pass.tape.tensor(
            Memory.firstOfConvolutions + 2 * number, rows: rows, dims: convolutions[number].windowWidth, padded: false)
        return (windows, windows.matrix(at: 0, rows: rows * size, cols: input.dims))
    }

    private func product(_ number: Int, _ pass: LayerPass) -> Tensor {
        pass.tape.tensor(Memory.firstOfConvolutions + 2 * number + 1, rows: pass.count(output), dims: sizes.filters)
    }

    private func columns(_ number: Int) -> Range<Int> { number * sizes.filters..<(number + 1) * sizes.filters }

    /// The vector at each place of each window.
    private func places(_ size: Int, _ pass: LayerPass) -> [Int32] {
        let left = sizes.isCircular ? (size - sizes.stride) / 2 : 0, count = output.length ?? 1
        var places: [Int32] = []
        places.reserveCapacity(pass.count(output) * size)
        for row in 0..<pass.plan.rows {
            for window in 0..<count {
                for j in 0..<size {
                    let place = (window * sizes.stride - left + j + length) % length
                    places.append(Int32(row * length + place))
                }
            }
        }
        return places
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let device = pass.device, y = pass.activations(Memory.result, output)
        for (number, convolution) in convolutions.enumerated() {
            let (windows, vectors) = room(number, pass), product = product(number, pass)
            device.gatherRows(x, places(convolution.size, pass), into: vectors)
            device.multiply(windows, convolution.product, into: product, accumulate: false)
            device.addBias(pass.values.matrix(convolution.bias), to: product)
            device.copy(product, to: y.columns(columns(number)))
        }
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        let device = pass.device, dx = pass.activations(Memory.inputGradient, input)
        device.fill(dx, 0)
        for (number, convolution) in convolutions.enumerated() {
            let (windows, vectors) = room(number, pass), dProduct = product(number, pass)
            device.copy(g.columns(columns(number)), to: dProduct)
            device.multiply(transposed: dProduct, windows, into: gradient.matrix(convolution.weight))
            device.columnSums(dProduct, into: gradient.matrix(convolution.bias))
            guard wantsInput else { continue }
            // The windows are no longer wanted: their memory takes their gradient.
            device.multiply(dProduct, convolution.backProduct, into: windows, accumulate: false)
            device.sumRows(vectors, into: dx, places(convolution.size, pass))
        }
        return wantsInput ? dx : nil
    }
}
