import Devices

/// A recurrent network over each row's tokens (torch's `RNN`, `GRU`, `LSTM`); gives the last layer's final state, or its state at
/// each token, of both directions side by side where it is bidirectional. A row without tokens gives zeros.
/// With the state at each token it may give the token's own vector too (RCNN, Lai et al., AAAI 2015, eq. 3), or their sum (residual
/// connection, He et al., CVPR 2016, eq. 1).
///
/// Lengths are masked by packing: each time step works on the sequences that are that long, and the state of a sequence's
/// last token is its final one.
final class RecurrentLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape
    /// Of each layer, its one or two directions.
    private let sweeps: [[RecurrentSweep]]
    /// Dropout between each two layers.
    private let sites: [DropoutSite]
    private let hidden: Int
    /// What a layer gives: a state a token and direction.
    private let states: LayerShape
    private let isResidual: Bool

    enum Result: String, CaseIterable {
        /// Each row's final state.
        case last
        /// The state at each token.
        case all
        /// The same, and the token's own vector behind it.
        case context
        /// The state added to the token's own vector, which has as many columns.
        case residual
    }

    struct Sizes {
        var cell: RecurrentCell
        var hidden: Int
        var layers: Int
        var isBidirectional: Bool
        var dropout: Double
        var result = Result.last
    }

    init(_ name: String, input: LayerShape, _ sizes: Sizes, _ layout: inout ParameterLayout, on device: any Device) {
        let directions = sizes.isBidirectional ? 2 : 1
        self.input = input
        hidden = sizes.hidden
        isResidual = sizes.result == .residual
        precondition(!isResidual || input.dims == hidden * directions)
        output = LayerShape(
            dims: hidden * directions + (sizes.result == .context ? input.dims : 0), isSequence: sizes.result != .last)
        states = LayerShape(dims: hidden * directions, isSequence: true)
        var sweeps: [[RecurrentSweep]] = [], sites: [DropoutSite] = []
        for layer in 0..<sizes.layers {
            let from = layer == 0 ? input : states
            if layer > 0 { sites.append(layout.addDropout(sizes.dropout)) }
            sweeps.append(
                (0..<directions).map { direction in
                    RecurrentSweep(
                        name, cell: sizes.cell, input: from, hidden: sizes.hidden, layer: layer, isReverse: direction == 1,
                        &layout, on: device)
                })
        }
        (self.sweeps, self.sites) = (sweeps, sites)
    }

    func prepare(_ values: Tensor, training: Bool, on device: any Device) {
        for sweep in sweeps.joined() { sweep.prepare(values, training: training, on: device) }
    }

    /// Numbers of this layer's memory; a sweep's come after them.
    private enum Memory {
        static let packedInput = 0, result = 1, inputGradient = 2, firstOfLayers = 3
        /// A layer's states, their gradient, and two sweeps.
        static let perLayer = 2 + 2 * RecurrentSweep.memory
        static func states(_ layer: Int) -> Int { firstOfLayers + layer * perLayer }
        static func gradient(_ layer: Int) -> Int { states(layer) + 1 }
        static func sweep(_ layer: Int, _ direction: Int) -> Int { states(layer) + 2 + direction * RecurrentSweep.memory }
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        var below = pass.activations(Memory.packedInput, input)
        pass.device.gatherRows(x, pass.plan.packed, into: below)
        for (layer, directions) in sweeps.enumerated() {
            let states = pass.activations(Memory.states(layer), states)
            for (direction, sweep) in directions.enumerated() {
                sweep.forward(below, states: states.columns(columns(direction)), pass, memory: Memory.sweep(layer, direction))
            }
            if layer + 1 < sweeps.count { drop(states, sites[layer], pass) }
            below = states
        }
        let result = pass.activations(Memory.result, output)
        if output.isSequence {
            pass.device.scatterRows(below, pass.plan.packed, into: result.columns(0..<states.dims))
            if output.dims > states.dims { pass.device.copy(x, to: result.columns(states.dims..<output.dims)) }
            if isResidual { pass.device.add(x, to: result) }
            return result
        }
        for direction in sweeps[0].indices {
            pass.device.gatherRows(
                below.columns(columns(direction)), finalPlaces(direction, pass), into: result.columns(columns(direction)))
        }
        return result
    }

    private func columns(_ direction: Int) -> Range<Int> { direction * hidden..<(direction + 1) * hidden }

    private func drop(_ x: Tensor, _ site: DropoutSite, _ pass: LayerPass) {
        site.apply(x, relu: false, pass, ids: pass.plan.packedIds, positions: pass.plan.packedPositions)
    }

    /// Where each row's final state stands among the packed states; −1 for a row without tokens.
    private func finalPlaces(_ direction: Int, _ pass: LayerPass) -> [Int32] {
        direction == 0 ? pass.plan.lastPlaces : pass.plan.firstPlaces
    }

    /// The gradient of the packed states from that of the result.
    private func takeGradient(_ g: Tensor, _ pass: LayerPass, into states: Tensor) {
        if output.isSequence {
            return pass.device.gatherRows(g.columns(0..<states.cols), pass.plan.packed, into: states)
        }
        pass.device.fill(states, 0)
        for direction in sweeps[0].indices {
            pass.device.scatterRows(
                g.columns(columns(direction)), finalPlaces(direction, pass), into: states.columns(columns(direction)))
        }
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        let device = pass.device
        var above = pass.activations(Memory.gradient(sweeps.count - 1), states)
        takeGradient(g, pass, into: above)
        for (layer, directions) in sweeps.enumerated().reversed() {
            let from = layer == 0 ? input : states
            let below = pass.activations(layer == 0 ? Memory.inputGradient : Memory.gradient(layer - 1), from)
            let inputs = pass.activations(layer == 0 ? Memory.packedInput : Memory.states(layer - 1), from)
            for (direction, sweep) in directions.enumerated() {
                sweep.backward(
                    above.columns(columns(direction)), x: inputs, pass, memory: Memory.sweep(layer, direction),
                    gradient: gradient, inputGradient: layer > 0 || wantsInput ? below : nil, accumulate: direction > 0)
            }
            if layer > 0 { drop(below, sites[layer - 1], pass) }
            above = below
        }
        guard wantsInput else { return nil }
        // The packed input is no longer wanted: its memory takes the gradient in the tokens' own order.
        let dx = pass.activations(Memory.packedInput, input)
        device.scatterRows(above, pass.plan.packed, into: dx)
        if output.dims > states.dims { device.add(g.columns(states.dims..<output.dims), to: dx) }
        if isResidual { device.add(g, to: dx) }
        return dx
    }
}
