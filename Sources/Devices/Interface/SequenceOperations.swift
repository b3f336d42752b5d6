/// Rows that are sequences of vectors (a document's tokens), one after the other. `starts` has rows + 1 entries, from 0: the
/// vectors of row r are `starts[r] ..< starts[r + 1]`.
public protocol SequenceOperations {
    /// y[r] = the weighted sum of row r's vectors; where `isMean`, divided by their number. A row without vectors is zero.
    ///
    /// - Parameter weights: 1×vectors; nil: 1.
    func reduce(_ x: Tensor, starts: [Int64], weights: Tensor?, isMean: Bool, into y: Tensor)

    /// dx (vectors×cols) from g (rows×cols), the gradient of `reduce`'s result.
    func reduceBackward(_ g: Tensor, starts: [Int64], weights: Tensor?, isMean: Bool, into dx: Tensor)

    /// The windows of `size` vectors around each vector, zeros beyond its row's ends: windows[i, j·cols + c] = x[i + j − left, c],
    /// left = ⌊(size − 1)/2⌋.
    ///
    /// - Parameter windows: vectors×(size·cols), without padding.
    func windows(_ x: Tensor, starts: [Int64], size: Int, into windows: Tensor)

    /// dx += the gradient of x from that of its windows.
    func windowsBackward(_ g: Tensor, starts: [Int64], size: Int, addedTo dx: Tensor)

    /// ReLU and dynamic max pooling (Liu et al., SIGIR 2017, §3.2): y[r, f·chunks + j] = max(0, the largest of x[i, f] + bias[f]
    /// for i in chunk j of row r's vectors). Rows without vectors are left as they are.
    ///
    /// - Parameters:
    ///   - y: rows×(filters·chunks).
    ///   - places: as large, without padding: where each maximum is, as the device likes to note it.
    func chunkMax(_ x: Tensor, starts: [Int64], bias: Tensor, chunks: Int, into y: Tensor, places: Tensor)

    /// dx (vectors×filters) from the gradient of `chunkMax`'s result.
    func chunkMaxBackward(_ g: Tensor, starts: [Int64], chunks: Int, places: Tensor, into dx: Tensor)

    /// The time steps of a recurrent layer in one direction.
    ///
    /// - Parameters:
    ///   - weights: Wₕᵀ (hidden×gates·hidden), prepared.
    ///   - memory: `gates` holds the products with the input, W ₓ x; on return the gates themselves.
    ///   - states: tokens×hidden, by packed token.
    func recurrentForward(
        _ steps: RecurrentSteps, weights: PreparedMatrix, biasX: Tensor, biasH: Tensor, _ memory: RecurrentMemory,
        into states: Tensor)

    /// The same backward: `memory.gates` and `memory.recurrent` become the gradients of the products with input and state.
    ///
    /// - Parameters:
    ///   - weights: Wₕ (gates·hidden×hidden), prepared.
    ///   - dStates: the gradient of the states; destroyed.
    func recurrentBackward(_ steps: RecurrentSteps, weights: PreparedMatrix, _ memory: RecurrentMemory, dStates: Tensor)
}

/// The cells of a recurrent layer.
public enum RecurrentCell: String, CaseIterable, Sendable {
    /// Elman's, with tanh.
    case rnn = "RNN"
    /// Cho et al. 2014, in torch's form: the reset gate acts on the product with the state.
    case gru = "GRU"
    /// Hochreiter & Schmidhuber 1997, without peepholes.
    case lstm = "LSTM"

    /// Blocks of rows in the weights, in torch's order: GRU r, z, n; LSTM i, f, g, o.
    public var gates: Int {
        switch self {
        case .rnn: 1
        case .gru: 3
        case .lstm: 4
        }
    }
}

/// One direction over packed tokens: rows by descending length, all their first tokens, then all second ones, … (torch's
/// `PackedSequence`), so that the rows that are still active at a time step are neighbours.
public struct RecurrentSteps: Sendable {
    public var cell: RecurrentCell
    /// From the last time step to the first.
    public var isReverse: Bool
    /// Where the packed tokens of each time step begin; one more at the end.
    public var starts: [Int]

    public init(cell: RecurrentCell, isReverse: Bool, starts: [Int]) {
        (self.cell, self.isReverse, self.starts) = (cell, isReverse, starts)
    }
}

/// What a direction keeps for its backward pass, by packed token.
public struct RecurrentMemory: Sendable {
    /// tokens×(gates·hidden).
    public var gates: Tensor
    /// The products with the state: GRU's own, as `gates`; else `gates` itself.
    public var recurrent: Tensor
    /// tokens×hidden, without padding: the state that each token met, zero for a row's first.
    public var before: Tensor
    /// LSTM's cells and their gradient: tokens×hidden, without padding. Of other cells, anything.
    public var cells: Tensor, cellGradient: Tensor

    public init(gates: Tensor, recurrent: Tensor, before: Tensor, cells: Tensor, cellGradient: Tensor) {
        (self.gates, self.recurrent, self.before) = (gates, recurrent, before)
        (self.cells, self.cellGradient) = (cells, cellGradient)
    }
}

/// One time step: `rows` tokens from `at` on, the first `carried` of which follow those from `before` on.
struct RecurrentStep: Sendable {
    let at: Int, rows: Int, before: Int, carried: Int
}

extension RecurrentSteps {
    /// In the order of the forward pass.
    var all: [RecurrentStep] {
        let count = starts.count - 1
        if isReverse {
            return (0..<count).reversed().map { step in
                RecurrentStep(
                    at: starts[step], rows: active(step), before: starts[step + 1],
                    carried: step + 1 < count ? active(step + 1) : 0)
            }
        }
        return (0..<count).map { step in
            RecurrentStep(
                at: starts[step], rows: active(step), before: step > 0 ? starts[step - 1] : 0,
                carried: step > 0 ? active(step) : 0)
        }
    }

    /// Sequences that are active at a time step.
    private func active(_ step: Int) -> Int { starts[step + 1] - starts[step] }
}
