import DeepXMLModel
import Devices

/// One block's rows through an encoder forward and backward, and memory for that.
final class StackBlock {
    let stack: EncoderStack
    let tokens: Int
    private let block: EncoderBlock
    private let dx: Tensor, hidden: Tensor, z: Tensor, dz: Tensor, gradient: Tensor
    private let tape: EncoderTape

    /// - Parameter length: tokens of a row.
    init(_ stack: EncoderStack, on device: any Device = Steps.device, rows: Range<Int>, length: (Int) -> Int) {
        self.stack = stack
        var ends: [Int64] = [0]
        for row in rows { ends.append((ends.last ?? 0) + Int64(length(row))) }
        tokens = Int(ends.last ?? 0)
        tape = EncoderTape(on: device)
        let x = device.paddedTensor(rows: tokens, dims: stack.inputDims)
        device.fill(x, 0.5)
        block = EncoderBlock(ids: rows.map(Int32.init), starts: ends, x: x)
        dx = device.paddedTensor(rows: tokens, dims: stack.inputDims)
        hidden = device.paddedTensor(rows: rows.count, dims: stack.intermediateDims)
        z = device.paddedTensor(rows: rows.count, dims: stack.outputDims)
        dz = device.paddedTensor(rows: rows.count, dims: stack.outputDims)
        device.fill(dz, 0.1)
        gradient = device.tensor(rows: 1, cols: stack.gradientLength)
    }

    func run() {
        stack.forward(block, step: 1, intermediate: hidden, output: z, tape: tape)
        stack.backward(
            block, outputGradient: dz, tape: tape, trainsCoarse: true, gradient: gradient, inputGradient: dx)
    }
}
