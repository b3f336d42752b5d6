import Devices

/// Each row's tokens as columns: D vectors a row, one a dimension of the embeddings, of as many numbers as tokens are read. What
/// convolutions over dimensions work on (InceptionXML, Kharbanda et al., SIGIR 2023).
final class TurnLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape

    /// - Parameter tokens: of a row that are read, the first; a row with fewer has zeros in their places.
    init(input: LayerShape, tokens: Int) {
        self.input = input
        output = LayerShape(dims: tokens, isSequence: true, length: input.dims)
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let y = pass.activations(0, output)
        pass.device.turn(x, starts: pass.plan.starts, into: y)
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        guard wantsInput else { return nil }
        let dx = pass.activations(1, input)
        pass.device.turnBackward(g, starts: pass.plan.starts, into: dx)
        return dx
    }
}

/// A row's fixed number of vectors, one after the other, as one vector; zeros of a row without tokens, whatever biases made of it.
final class FlattenLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape
    private let length: Int

    init(input: LayerShape) {
        self.input = input
        length = input.length ?? 1
        output = LayerShape(dims: length * input.dims, isSequence: false)
    }

    /// The part of the rows' vectors of a place.
    private func copy(_ pass: LayerPass, vectors: Tensor, rows: Tensor, isBackward: Bool) {
        for place in 0..<length {
            let own = Tensor(
                vectors.memory, offset: vectors.offset + place * vectors.stride, rows: pass.plan.rows, cols: input.dims,
                stride: length * vectors.stride)
            let part = rows.columns(place * input.dims..<(place + 1) * input.dims)
            pass.device.copy(isBackward ? part : own, to: isBackward ? own : part)
        }
    }

    private func clearEmptyRows(_ pass: LayerPass, vectors count: Int, of x: Tensor) {
        for row in 0..<pass.plan.rows where pass.plan.length(row) == 0 {
            pass.device.fill(x.rows(row * count..<(row + 1) * count), 0)
        }
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let y = pass.activations(0, output)
        copy(pass, vectors: x, rows: y, isBackward: false)
        clearEmptyRows(pass, vectors: 1, of: y)
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        guard wantsInput else { return nil }
        let dx = pass.activations(1, input)
        copy(pass, vectors: dx, rows: g, isBackward: true)
        clearEmptyRows(pass, vectors: length, of: dx)
        return dx
    }
}
