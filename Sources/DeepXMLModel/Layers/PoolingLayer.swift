import Devices

/// The first vector of each row (BERT's [CLS]); zeros of a row without.
final class FirstVectorLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape

    init(input: LayerShape) {
        self.input = input
        output = LayerShape(dims: input.dims, isSequence: false)
    }

    private func firsts(_ plan: BlockPlan) -> [Int32] {
        (0..<plan.rows).map { plan.length($0) > 0 ? Int32(plan.starts[$0]) : -1 }
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let y = pass.activations(0, output)
        pass.device.gatherRows(x, firsts(pass.plan), into: y)
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        guard wantsInput else { return nil }
        let dx = pass.activations(1, input)
        pass.device.fill(dx, 0)
        pass.device.scatterRows(g, firsts(pass.plan), into: dx)
        return dx
    }
}
