import Devices
import Kernels

/// The cells of `rnn`, by the original's `cell_type`.
enum RecurrentCell: String, CaseIterable, Sendable {
    /// Elman's, with tanh.
    case rnn = "RNN"
    /// Cho et al. 2014, in torch's form: the reset gate acts on the product with the state.
    case gru = "GRU"
    /// Hochreiter & Schmidhuber 1997, without peepholes.
    case lstm = "LSTM"

    /// Blocks of rows in the weights, in torch's order: GRU r, z, n; LSTM i, f, g, o.
    var gates: Int {
        switch self {
        case .rnn: 1
        case .gru: 3
        case .lstm: 4
        }
    }
}

/// One direction of one recurrent layer, over packed tokens.
///
/// The products with the input are one GEMM over all time steps, as are the weights' gradients; a time step is one GEMM over
/// the sequences that are that long.
final class RecurrentSweep: Sendable {
    private let cell: RecurrentCell, input: LayerShape, hidden: Int, isReverse: Bool
    private let weightX: ParameterSlot, weightH: ParameterSlot, biasX: ParameterSlot, biasH: ParameterSlot
    private let productX: PackedMatrix, productH: PackedMatrix, backX: PackedMatrix, backH: PackedMatrix
    private var width: Int { cell.gates * hidden }
    private var ldg: Int { paddedWidth(width) }

    /// Names, shapes and start as torch's: all U(−1/√hidden, 1/√hidden).
    init(
        _ name: String, cell: RecurrentCell, input: LayerShape, hidden: Int, layer: Int, isReverse: Bool,
        _ layout: inout ParameterLayout
    ) {
        (self.cell, self.input, self.hidden, self.isReverse) = (cell, input, hidden, isReverse)
        let start = ParameterLayout.Start.uniform(bound: 1 / Float(hidden).squareRoot())
        let suffix = "l\(layer)" + (isReverse ? "_reverse" : ""), width = cell.gates * hidden
        weightX = layout.add("\(name).weight_ih_\(suffix)", rows: width, cols: input.dims, start)
        weightH = layout.add("\(name).weight_hh_\(suffix)", rows: width, cols: hidden, start)
        biasX = layout.add("\(name).bias_ih_\(suffix)", rows: 1, cols: width, start)
        biasH = layout.add("\(name).bias_hh_\(suffix)", rows: 1, cols: width, start)
        productX = PackedMatrix(inner: input.dims, cols: width)
        productH = PackedMatrix(inner: hidden, cols: width)
        backX = PackedMatrix(inner: width, cols: input.dims)
        backH = PackedMatrix(inner: width, cols: hidden)
    }

    func prepare(_ values: UnsafeMutablePointer<Float>, training: Bool) {
        productX.pack(values + weightX.range.lowerBound, transposed: true)
        productH.pack(values + weightH.range.lowerBound, transposed: true)
        guard training else { return }
        backX.pack(values + weightX.range.lowerBound, transposed: false)
        backH.pack(values + weightH.range.lowerBound, transposed: false)
    }

    /// Buffers of a tape that a sweep takes.
    static let memory = 5

    /// A sweep's memory for a block: all by packed token.
    private struct Room {
        /// tokens×ldg: products with the input, then gates, then (backward) the gradients before their functions.
        let gates: UnsafeMutablePointer<Float>
        /// tokens×ldg: the products with the state; GRU's own, else `gates`.
        let recurrent: UnsafeMutablePointer<Float>
        /// tokens×hidden: the state that each token met, zero for the first; LSTM's cells, and their gradient.
        let before: UnsafeMutablePointer<Float>, cells: UnsafeMutablePointer<Float>, cellGradient: UnsafeMutablePointer<Float>
    }

    private func room(_ pass: LayerPass, _ first: Int) -> Room {
        let tokens = pass.plan.tokens, cells = cell == .lstm ? tokens * hidden : 0
        let gates = pass.tape.floats(first, tokens * ldg)
        return Room(
            gates: gates, recurrent: cell == .gru ? pass.tape.floats(first + 1, tokens * ldg) : gates,
            before: pass.tape.floats(first + 2, tokens * hidden), cells: pass.tape.floats(first + 3, cells),
            cellGradient: pass.tape.floats(first + 4, cells))
    }

    /// One time step: `rows` tokens from `at` on, the first `carried` of which follow those from `before` on.
    private struct Step {
        let at: Int, rows: Int, before: Int, carried: Int
    }

    private func steps(_ plan: BlockPlan) -> [Step] {
        let count = plan.steps.count - 1
        if isReverse {
            return (0..<count).reversed().map { step in
                Step(
                    at: plan.steps[step], rows: plan.active(step), before: plan.steps[step + 1],
                    carried: step + 1 < count ? plan.active(step + 1) : 0)
            }
        }
        return (0..<count).map { step in
            Step(
                at: plan.steps[step], rows: plan.active(step), before: step > 0 ? plan.steps[step - 1] : 0,
                carried: step > 0 ? plan.active(step) : 0)
        }
    }

    /// - Parameters:
    ///   - x: the packed input.
    ///   - states: where this direction's state of the first packed token goes; `lds` floats from one to the next.
    func forward(_ x: UnsafePointer<Float>, states: UnsafeMutablePointer<Float>, lds: Int, _ pass: LayerPass, memory: Int) {
        let room = room(pass, memory)
        productX.multiply(rows: pass.plan.tokens, x, lda: input.ld, into: room.gates, ldc: ldg)
        for step in steps(pass.plan) {
            let before = room.before + step.at * hidden
            for row in 0..<step.carried {
                (before + row * hidden).update(from: states + (step.before + row) * lds, count: hidden)
            }
            (before + step.carried * hidden).update(repeating: 0, count: (step.rows - step.carried) * hidden)
            productH.multiply(
                rows: step.carried, before, lda: hidden, into: room.recurrent + step.at * ldg, ldc: ldg,
                accumulate: cell != .gru)
            forward(step, room, states: states, lds: lds, pass.values)
        }
    }

    private func forward(
        _ step: Step, _ room: Room, states: UnsafeMutablePointer<Float>, lds: Int, _ values: UnsafePointer<Float>
    ) {
        let gates = room.gates + step.at * ldg, state = states + step.at * lds
        let biasX = values + biasX.range.lowerBound, biasH = values + biasH.range.lowerBound
        switch cell {
        case .rnn: dx_rnn_forward(step.rows, hidden, gates, ldg, biasX, biasH, state, lds)
        case .lstm:
            dx_lstm_forward(
                step.rows, step.carried, hidden, gates, ldg, biasX, biasH, room.cells + step.before * hidden,
                room.cells + step.at * hidden, state, lds)
        case .gru:
            dx_gru_forward(
                step.rows, step.carried, hidden, gates, room.recurrent + step.at * ldg, ldg, biasX, biasH,
                room.before + step.at * hidden, hidden, state, lds)
        }
    }

    /// - Parameters:
    ///   - dStates: the gradient of this direction's states; destroyed.
    ///   - inputGradient: of the packed input, overwritten, or added to where `accumulate`.
    func backward(
        _ dStates: UnsafeMutablePointer<Float>, lds: Int, x: UnsafePointer<Float>, _ pass: LayerPass, memory: Int,
        gradient: UnsafeMutablePointer<Float>, inputGradient: UnsafeMutablePointer<Float>?, accumulate: Bool
    ) {
        let tokens = pass.plan.tokens, room = room(pass, memory)
        if tokens == 0 { return }
        if cell == .lstm { room.cellGradient.update(repeating: 0, count: tokens * hidden) }
        for step in steps(pass.plan).reversed() {
            backward(step, room, dStates, lds)
            backH.multiply(
                rows: step.carried, room.recurrent + step.at * ldg, lda: ldg, into: dStates + step.before * lds, ldc: lds,
                accumulate: true)
        }
        Gemm.transposedTimes(
            m: width, n: input.dims, k: tokens, room.gates, lda: ldg, x, ldb: input.ld,
            into: gradient + weightX.range.lowerBound, ldc: input.dims)
        Gemm.transposedTimes(
            m: width, n: hidden, k: tokens, room.recurrent, lda: ldg, room.before, ldb: hidden,
            into: gradient + weightH.range.lowerBound, ldc: hidden)
        dx_column_sums(room.gates, tokens, width, ldg, gradient + biasX.range.lowerBound)
        dx_column_sums(room.recurrent, tokens, width, ldg, gradient + biasH.range.lowerBound)
        if let inputGradient {
            backX.multiply(
                rows: tokens, room.gates, lda: ldg, into: inputGradient, ldc: input.ld, accumulate: accumulate)
        }
    }

    private func backward(_ step: Step, _ room: Room, _ dStates: UnsafeMutablePointer<Float>, _ lds: Int) {
        let gates = room.gates + step.at * ldg, from = dStates + step.at * lds
        switch cell {
        case .rnn: dx_rnn_backward(step.rows, hidden, gates, ldg, from, lds)
        case .lstm:
            dx_lstm_backward(
                step.rows, step.carried, hidden, gates, ldg, room.cells + step.before * hidden, room.cells + step.at * hidden,
                from, lds, room.cellGradient + step.at * hidden, room.cellGradient + step.before * hidden)
        case .gru:
            dx_gru_backward(
                step.rows, step.carried, hidden, gates, room.recurrent + step.at * ldg, ldg, room.before + step.at * hidden,
                hidden, from, dStates + step.before * lds, lds)
        }
    }
}
