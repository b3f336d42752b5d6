import Foundation
import Kernels
import Testing

/// One step of the recurrent layers: forward against the equations in double precision, backward against their differences.
@Suite struct RecurrentTests {
    enum Kind: CaseIterable { case rnn, lstm, gru }

    /// One unit's step; gates in torch's order.
    private struct Unit {
        var kind: Kind
        var x: [Double], h: [Double], biasX: [Double], biasH: [Double], before: Double, cell: Double

        /// The new state and, of LSTM, the new cell.
        func step() -> (state: Double, cell: Double) {
            func sum(_ i: Int) -> Double { x[i] + h[i] + biasX[i] + biasH[i] }
            switch kind {
            case .rnn: return (tanh(sum(0)), 0)
            case .lstm:
                let c = sigmoid(sum(1)) * cell + sigmoid(sum(0)) * tanh(sum(2))
                return (sigmoid(sum(3)) * tanh(c), c)
            case .gru:
                let n = tanh(x[2] + biasX[2] + sigmoid(sum(0)) * (h[2] + biasH[2])), z = sigmoid(sum(1))
                return ((1 - z) * n + z * before, 0)
            }
        }
    }

    private let rows = 5, carried = 3, hidden = 7
    private let ld = 10

    /// A step's inputs for all rows, and the kernels' results.
    private struct Step {
        let kind: Kind, ldg: Int, count: Int
        var gates: [Float], recurrent: [Float], biasX: [Float], biasH: [Float], before: [Float], cellBefore: [Float]
        var dh: [Float], dc: [Float]
    }

    private func sampled(_ kind: Kind) -> Step {
        var sample = Sample(61)
        let count = kind == .rnn ? 1 : kind == .lstm ? 4 : 3, ldg = count * hidden + 3
        return Step(
            kind: kind, ldg: ldg, count: count, gates: sample.floats(rows * ldg), recurrent: sample.floats(rows * ldg),
            biasX: sample.floats(count * hidden), biasH: sample.floats(count * hidden), before: sample.floats(rows * ld),
            cellBefore: sample.floats(rows * hidden), dh: sample.floats(rows * ld), dc: sample.floats(rows * hidden))
    }

    private func unit(_ s: Step, _ r: Int, _ j: Int) -> Unit {
        func gate(_ from: [Float], _ i: Int) -> Double { Double(from[r * s.ldg + i * hidden + j]) }
        let has = r < carried, gates = 0..<s.count
        return Unit(
            kind: s.kind, x: gates.map { gate(s.gates, $0) },
            h: gates.map { s.kind == .gru && has ? gate(s.recurrent, $0) : 0 },
            biasX: gates.map { Double(s.biasX[$0 * hidden + j]) }, biasH: gates.map { Double(s.biasH[$0 * hidden + j]) },
            before: has ? Double(s.before[r * ld + j]) : 0, cell: has ? Double(s.cellBefore[r * hidden + j]) : 0)
    }

    /// The gradient of dh·state + dc·cell by one of the unit's numbers.
    private func slope(_ s: Step, _ r: Int, _ j: Int, _ path: WritableKeyPath<Unit, Double>) -> Double {
        var (up, down) = (unit(s, r, j), unit(s, r, j))
        up[keyPath: path] += 1e-5
        down[keyPath: path] -= 1e-5
        let (a, b) = (up.step(), down.step())
        return (Double(s.dh[r * ld + j]) * (a.state - b.state) + Double(s.dc[r * hidden + j]) * (a.cell - b.cell)) / 2e-5
    }

    @Test(arguments: Kind.allCases) func stepsForwardAndBackward(kind: Kind) {
        let s = sampled(kind)
        var g = s.gates, q = s.recurrent, h = [Float](repeating: .nan, count: rows * ld)
        var c = [Float](repeating: .nan, count: rows * hidden), dBefore = [Float](repeating: 1, count: rows * ld)
        var dCell = [Float](repeating: 1, count: rows * hidden)
        switch kind {
        case .rnn: dx_rnn_forward(rows, hidden, &g, s.ldg, s.biasX, s.biasH, &h, ld)
        case .lstm: dx_lstm_forward(rows, carried, hidden, &g, s.ldg, s.biasX, s.biasH, s.cellBefore, &c, &h, ld)
        case .gru: dx_gru_forward(rows, carried, hidden, &g, &q, s.ldg, s.biasX, s.biasH, s.before, ld, &h, ld)
        }
        switch kind {
        case .rnn: dx_rnn_backward(rows, hidden, &g, s.ldg, s.dh, ld)
        case .lstm: dx_lstm_backward(rows, carried, hidden, &g, s.ldg, s.cellBefore, c, s.dh, ld, s.dc, &dCell)
        case .gru: dx_gru_backward(rows, carried, hidden, &g, &q, s.ldg, s.before, ld, s.dh, &dBefore, ld)
        }
        for r in 0..<rows {
            for j in 0..<hidden {
                let expected = unit(s, r, j).step()
                #expect(abs(Double(h[r * ld + j]) - expected.state) < 1e-6)
                if kind == .lstm { #expect(abs(Double(c[r * hidden + j]) - expected.cell) < 1e-6) }
                for i in 0..<s.count {
                    let at = r * s.ldg + i * hidden + j
                    #expect(abs(Double(g[at]) - slope(s, r, j, \.x[i])) < 1e-5)
                    if kind == .gru { #expect(abs(Double(q[at]) - slope(s, r, j, \.h[i])) < 1e-5) }
                }
                // What goes to the step before directly is there for rows that have one alone.
                let direct = r < carried ? slope(s, r, j, \.before) : 0, cell = slope(s, r, j, \.cell)
                if kind == .gru { #expect(abs(Double(dBefore[r * ld + j]) - 1 - direct) < 1e-5) }
                if kind == .lstm { #expect(abs(Double(dCell[r * hidden + j]) - (r < carried ? cell : 1)) < 1e-5) }
            }
        }
    }
}
