import Kernels

extension CPUDevice {
    public func recurrentForward(
        _ steps: RecurrentSteps, weights: PreparedMatrix, biasX: Tensor, biasH: Tensor, _ memory: RecurrentMemory,
        into states: Tensor
    ) {
        let hidden = states.cols, before = memory.before, recurrent = memory.recurrent
        precondition(memory.gates.cols == steps.cell.gates * hidden && before.cols == hidden && before.isContiguous)
        for step in steps.all {
            let met = before.row(step.at)
            for row in 0..<step.carried {
                (met + row * hidden).update(from: states.row(step.before + row), count: hidden)
            }
            (met + step.carried * hidden).update(repeating: 0, count: (step.rows - step.carried) * hidden)
            weights.multiply(
                rows: step.carried, met, lda: hidden, into: recurrent.row(step.at), ldc: recurrent.stride,
                accumulate: steps.cell != .gru)
            forward(steps.cell, step, biasX.pointer, biasH.pointer, memory, states)
        }
    }

    private func forward(
        _ cell: RecurrentCell, _ step: RecurrentStep, _ biasX: UnsafePointer<Float>, _ biasH: UnsafePointer<Float>,
        _ memory: RecurrentMemory, _ states: Tensor
    ) {
        let gates = memory.gates.row(step.at), ldg = memory.gates.stride, hidden = states.cols
        let state = states.row(step.at), lds = states.stride
        switch cell {
        case .rnn: dx_rnn_forward(step.rows, hidden, gates, ldg, biasX, biasH, state, lds)
        case .lstm:
            dx_lstm_forward(
                step.rows, step.carried, hidden, gates, ldg, biasX, biasH, memory.cells.row(step.before),
                memory.cells.row(step.at), state, lds)
        case .gru:
            dx_gru_forward(
                step.rows, step.carried, hidden, gates, memory.recurrent.row(step.at), ldg, biasX, biasH,
                memory.before.row(step.at), hidden, state, lds)
        }
    }

    public func recurrentBackward(
        _ steps: RecurrentSteps, weights: PreparedMatrix, _ memory: RecurrentMemory, dStates: Tensor
    ) {
        if steps.cell == .lstm { fill(memory.cellGradient, 0) }
        let recurrent = memory.recurrent
        for step in steps.all.reversed() {
            backward(steps.cell, step, memory, dStates)
            weights.multiply(
                rows: step.carried, recurrent.row(step.at), lda: recurrent.stride, into: dStates.row(step.before),
                ldc: dStates.stride, accumulate: true)
        }
    }

    private func backward(_ cell: RecurrentCell, _ step: RecurrentStep, _ memory: RecurrentMemory, _ dStates: Tensor) {
        let gates = memory.gates.row(step.at), ldg = memory.gates.stride, hidden = dStates.cols
        let from = dStates.row(step.at), lds = dStates.stride
        switch cell {
        case .rnn: dx_rnn_backward(step.rows, hidden, gates, ldg, from, lds)
        case .lstm:
            dx_lstm_backward(
                step.rows, step.carried, hidden, gates, ldg, memory.cells.row(step.before), memory.cells.row(step.at), from, lds,
                memory.cellGradient.row(step.at), memory.cellGradient.row(step.before))
        case .gru:
            dx_gru_backward(
                step.rows, step.carried, hidden, gates, memory.recurrent.row(step.at), ldg, memory.before.row(step.at), hidden,
                from, dStates.row(step.before), lds)
        }
    }
}
