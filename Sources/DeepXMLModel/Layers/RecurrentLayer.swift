import Kernels

/// A recurrent network over each row's tokens (torch's `RNN`, `GRU`, `LSTM`); gives the last layer's final state, of both
/// directions side by side where it is bidirectional. A row without tokens gives zeros.
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

    struct Sizes {
        var cell: RecurrentCell
        var hidden: Int
        var layers: Int
        var isBidirectional: Bool
        var dropout: Double
    }

    init(_ name: String, input: LayerShape, _ sizes: Sizes, _ layout: inout ParameterLayout) {
        let directions = sizes.isBidirectional ? 2 : 1
        self.input = input
        hidden = sizes.hidden
        output = LayerShape(dims: hidden * directions, isSequence: false)
        states = LayerShape(dims: hidden * directions, isSequence: true)
        var sweeps: [[RecurrentSweep]] = [], sites: [DropoutSite] = []
        for layer in 0..<sizes.layers {
            let from = layer == 0 ? input : states
            if layer > 0 { sites.append(layout.addDropout(sizes.dropout)) }
            sweeps.append(
                (0..<directions).map { direction in
                    RecurrentSweep(
                        name, cell: sizes.cell, input: from, hidden: sizes.hidden, layer: layer, isReverse: direction == 1,
                        &layout)
                })
        }
        (self.sweeps, self.sites) = (sweeps, sites)
    }

    func prepare(_ values: UnsafeMutablePointer<Float>, training: Bool) {
        for sweep in sweeps.joined() { sweep.prepare(values, training: training) }
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

    func forward(_ x: UnsafePointer<Float>, _ pass: LayerPass) -> UnsafePointer<Float> {
        let plan = pass.plan
        let packed = pass.tape.floats(Memory.packedInput, plan.tokens * input.ld)
        for (place, token) in plan.packed.enumerated() {
            (packed + place * input.ld).update(from: x + token * input.ld, count: input.dims)
        }
        var below = UnsafePointer(packed)
        for (layer, directions) in sweeps.enumerated() {
            let states = pass.tape.floats(Memory.states(layer), plan.tokens * self.states.ld)
            for (direction, sweep) in directions.enumerated() {
                sweep.forward(
                    below, states: states + direction * hidden, lds: self.states.ld, pass, memory: Memory.sweep(layer, direction))
            }
            if layer + 1 < sweeps.count { drop(states, sites[layer], pass) }
            below = UnsafePointer(states)
        }
        return finalStates(below, pass)
    }

    private func drop(_ x: UnsafeMutablePointer<Float>, _ site: DropoutSite, _ pass: LayerPass) {
        site.apply(
            x, shape: states, relu: false, pass, ids: pass.plan.packedIds, positions: pass.plan.packedPositions)
    }

    private func finalStates(_ states: UnsafePointer<Float>, _ pass: LayerPass) -> UnsafePointer<Float> {
        let result = pass.tape.floats(Memory.result, pass.plan.rows * output.ld)
        result.update(repeating: 0, count: pass.plan.rows * output.ld)
        forEachFinalState(pass.plan) { at, to in (result + to).update(from: states + at, count: hidden) }
        return UnsafePointer(result)
    }

    /// Where each final state stands among the packed states, and where in the output.
    private func forEachFinalState(_ plan: BlockPlan, _ body: (_ at: Int, _ to: Int) -> Void) {
        for (place, row) in plan.order.enumerated() where plan.length(row) > 0 {
            for direction in sweeps[0].indices {
                let step = direction == 0 ? plan.length(row) - 1 : 0
                body((plan.steps[step] + place) * states.ld + direction * hidden, row * output.ld + direction * hidden)
            }
        }
    }

    func backward(
        _ g: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, _ pass: LayerPass, gradient: UnsafeMutablePointer<Float>,
        wantsInput: Bool
    ) -> UnsafeMutablePointer<Float>? {
        let plan = pass.plan, size = plan.tokens * states.ld
        var above = pass.tape.floats(Memory.gradient(sweeps.count - 1), size)
        above.update(repeating: 0, count: size)
        forEachFinalState(plan) { at, to in (above + at).update(from: g + to, count: hidden) }
        for (layer, directions) in sweeps.enumerated().reversed() {
            let from = layer == 0 ? input : states
            let below = pass.tape.floats(
                layer == 0 ? Memory.inputGradient : Memory.gradient(layer - 1), plan.tokens * from.ld)
            let inputs = pass.tape.floats(layer == 0 ? Memory.packedInput : Memory.states(layer - 1), plan.tokens * from.ld)
            for (direction, sweep) in directions.enumerated() {
                sweep.backward(
                    above + direction * hidden, lds: states.ld, x: inputs, pass, memory: Memory.sweep(layer, direction),
                    gradient: gradient, inputGradient: layer > 0 || wantsInput ? below : nil, accumulate: direction > 0)
            }
            if layer > 0 { drop(below, sites[layer - 1], pass) }
            above = below
        }
        guard wantsInput else { return nil }
        // The packed input is no longer wanted: its memory takes the gradient in the tokens' own order.
        let dx = pass.tape.floats(Memory.packedInput, plan.tokens * input.ld)
        for (place, token) in plan.packed.enumerated() {
            (dx + token * input.ld).update(from: above + place * input.ld, count: input.dims)
        }
        return dx
    }
}
