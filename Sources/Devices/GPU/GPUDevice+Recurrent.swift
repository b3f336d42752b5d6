extension GPUDevice {
    public func recurrentForward(
        _ steps: RecurrentSteps, weights: PreparedMatrix, biasX: Tensor, biasH: Tensor, _ memory: RecurrentMemory,
        into states: Tensor
    ) {
        let before = memory.before, recurrent = memory.recurrent
        precondition(memory.gates.cols == steps.cell.gates * states.cols && before.cols == states.cols && !before.hasGaps)
        for step in steps.all {
            let own = step.at..<step.at + step.carried, source = step.before..<step.before + step.carried
            copy(states.rows(source), to: before.rows(own))
            fill(before.rows(own.upperBound..<step.at + step.rows), 0)
            multiply(before.rows(own), weights, into: recurrent.rows(own), accumulate: steps.cell != .gru)
            forward(steps.cell, step, biasX, biasH, memory, states)
        }
    }

    private func forward(
        _ cell: RecurrentCell, _ step: RecurrentStep, _ biasX: Tensor, _ biasH: Tensor, _ memory: RecurrentMemory,
        _ states: Tensor
    ) {
        let own = step.range, hidden = states.cols
        let sizes: [GPUArgument] =
            (cell == .rnn ? [.long(step.rows)] : [.long(step.rows), .long(step.carried)]) + [.long(hidden)]
        run("\(cell.kernel)_forward", in: .recurrent, rows: step.rows, cols: hidden) {
            let gates = memory.gates.rows(own).arguments, biases = biasX.vector + biasH.vector, state = states.rows(own).arguments
            switch cell {
            case .rnn: return sizes + gates + biases + state
            case .lstm:
                return sizes + gates + biases + memory.cells.from(step.before) + memory.cells.from(step.at) + state
            case .gru:
                return sizes + gates + memory.recurrent.rows(own).arguments + biases + memory.before.rows(own).arguments + state
            }
        }
    }

    public func recurrentBackward(_ steps: RecurrentSteps, weights: PreparedMatrix, _ memory: RecurrentMemory, dStates: Tensor) {
        if steps.cell == .lstm { fill(memory.cellGradient, 0) }
        for step in steps.all.reversed() {
            backward(steps.cell, step, memory, dStates)
            multiply(
                memory.recurrent.rows(step.at..<step.at + step.carried), weights,
                into: dStates.rows(step.before..<step.before + step.carried), accumulate: true)
        }
    }

    private func backward(_ cell: RecurrentCell, _ step: RecurrentStep, _ memory: RecurrentMemory, _ dStates: Tensor) {
        let own = step.range, hidden = dStates.cols
        let sizes: [GPUArgument] =
            (cell == .rnn ? [.long(step.rows)] : [.long(step.rows), .long(step.carried)]) + [.long(hidden)]
        run("\(cell.kernel)_backward", in: .recurrent, rows: step.rows, cols: hidden) {
            let gates = memory.gates.rows(own).arguments, from = dStates.rows(own).arguments
            switch cell {
            case .rnn: return sizes + gates + from
            case .lstm:
                return sizes + gates + memory.cells.from(step.before) + memory.cells.from(step.at) + from
                    + memory.cellGradient.from(step.at) + memory.cellGradient.from(step.before)
            case .gru:
                return sizes + gates + memory.recurrent.rows(own).arguments + memory.before.rows(own).arguments + from
                    + dStates.rows(step.before..<step.before + step.carried).arguments
            }
        }
    }
}

extension RecurrentCell {
    /// What its kernels' names begin with.
    fileprivate var kernel: String { rawValue.lowercased() }
}

extension RecurrentStep {
    /// Its tokens.
    fileprivate var range: Range<Int> { at..<at + rows }
}

extension Tensor {
    /// Memory from a row on.
    fileprivate func from(_ row: Int) -> [GPUArgument] { [.memory(gpuMemory), .long(offset + row * stride)] }
}
