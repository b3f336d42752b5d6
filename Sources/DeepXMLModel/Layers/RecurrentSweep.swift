import Devices

/// One direction of one recurrent layer, over packed tokens.
///
/// The products with the input are one product over all time steps, as are the weights' gradients; a time step is one product
/// over the sequences that are that long.
final class RecurrentSweep: Sendable {
    private let cell: RecurrentCell, input: LayerShape, hidden: Int, isReverse: Bool
    private let weightX: ParameterSlot, weightH: ParameterSlot, biasX: ParameterSlot, biasH: ParameterSlot
    private let productX: PreparedMatrix, productH: PreparedMatrix, backX: PreparedMatrix, backH: PreparedMatrix

    /// Names, shapes and start as torch's: all U(−1/√hidden, 1/√hidden).
    init(
        _ name: String, cell: RecurrentCell, input: LayerShape, hidden: Int, layer: Int, isReverse: Bool,
        _ layout: inout ParameterLayout, on device: any Device
    ) {
        (self.cell, self.input, self.hidden, self.isReverse) = (cell, input, hidden, isReverse)
        let start = ParameterLayout.Start.uniform(bound: 1 / Float(hidden).squareRoot())
        let suffix = "l\(layer)" + (isReverse ? "_reverse" : ""), width = cell.gates * hidden
        weightX = layout.add("\(name).weight_ih_\(suffix)", rows: width, cols: input.dims, start)
        weightH = layout.add("\(name).weight_hh_\(suffix)", rows: width, cols: hidden, start)
        biasX = layout.add("\(name).bias_ih_\(suffix)", rows: 1, cols: width, start)
        biasH = layout.add("\(name).bias_hh_\(suffix)", rows: 1, cols: width, start)
        productX = device.preparedMatrix(inner: input.dims, cols: width)
        productH = device.preparedMatrix(inner: hidden, cols: width)
        backX = device.preparedMatrix(inner: width, cols: input.dims)
        backH = device.preparedMatrix(inner: width, cols: hidden)
    }

    func prepare(_ values: Tensor, training: Bool, on device: any Device) {
        device.prepare(productX, from: values.matrix(weightX), transposed: true)
        device.prepare(productH, from: values.matrix(weightH), transposed: true)
        guard training else { return }
        device.prepare(backX, from: values.matrix(weightX), transposed: false)
        device.prepare(backH, from: values.matrix(weightH), transposed: false)
    }

    /// Numbers of a tape's memory that a sweep takes.
    static let memory = 5

    private func memory(_ pass: LayerPass, _ first: Int) -> RecurrentMemory {
        let tokens = pass.plan.tokens, tape = pass.tape
        let gates = tape.tensor(first, rows: tokens, dims: cell.gates * hidden)
        func states(_ number: Int, _ rows: Int) -> Tensor {
            tape.tensor(first + number, rows: rows, dims: hidden, padded: false)
        }
        return RecurrentMemory(
            gates: gates,
            recurrent: cell == .gru ? tape.tensor(first + 1, rows: tokens, dims: cell.gates * hidden) : gates,
            before: states(2, tokens), cells: states(3, cell == .lstm ? tokens : 0),
            cellGradient: states(4, cell == .lstm ? tokens : 0))
    }

    private func steps(_ pass: LayerPass) -> RecurrentSteps {
        RecurrentSteps(cell: cell, isReverse: isReverse, starts: pass.plan.steps)
    }

    /// - Parameters:
    ///   - x: the packed input.
    ///   - states: tokens×hidden, of this direction.
    func forward(_ x: Tensor, states: Tensor, _ pass: LayerPass, memory first: Int) {
        let memory = memory(pass, first), values = pass.values
        pass.device.multiply(x, productX, into: memory.gates, accumulate: false)
        pass.device.recurrentForward(
            steps(pass), weights: productH, biasX: values.matrix(biasX), biasH: values.matrix(biasH), memory, into: states)
    }

    /// - Parameters:
    ///   - dStates: the gradient of this direction's states; destroyed.
    ///   - inputGradient: of the packed input, overwritten, or added to where `accumulate`.
    func backward(
        _ dStates: Tensor, x: Tensor, _ pass: LayerPass, memory first: Int, gradient: LayerGradient, inputGradient: Tensor?,
        accumulate: Bool
    ) {
        if pass.plan.tokens == 0 { return }
        let device = pass.device, memory = memory(pass, first)
        device.recurrentBackward(steps(pass), weights: backH, memory, dStates: dStates)
        device.multiply(transposed: memory.gates, x, into: gradient.matrix(weightX))
        device.multiply(transposed: memory.recurrent, memory.before, into: gradient.matrix(weightH))
        device.columnSums(memory.gates, into: gradient.matrix(biasX))
        device.columnSums(memory.recurrent, into: gradient.matrix(biasH))
        if let inputGradient { device.multiply(memory.gates, backX, into: inputGradient, accumulate: accumulate) }
    }
}
