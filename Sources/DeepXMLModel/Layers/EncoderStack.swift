import Devices
import Foundation
import Support

/// An encoder after an arch file: x̂ = coarse(x), z = fine(x̂), for any layers.
///
/// A batch is cut into a few blocks of rows. Blocks go through side by side, on any thread or rank, each with a tape of its
/// own; the caller sums their gradients in a fixed order. Call `prepare` after each change of the parameters.
public final class EncoderStack: Sendable {
    public let input: EncoderInput
    public let inputDims: Int
    /// Of x̂.
    public let intermediateDims: Int
    /// Of z.
    public let outputDims: Int
    /// 1×P: value and moments of all layers, the coarse first.
    public let parameters: Parameter
    /// All layers, from the lowest on, in runs that end at x̂ or within one part: one where layers leave statistics.
    public let runs: [LayerRun]
    /// The first so many floats belong to coarse layers.
    public let coarseCount: Int
    /// Which matrix stands where. What isn't trained (spectral norms' u and v, running statistics) is here too, so that whoever
    /// stores the parameters stores all.
    public let slots: [ParameterSlot]
    /// The sizes of the transformer among the coarse layers; nil: there is none. Its vocabulary is not known here.
    public let transformer: TransformerShape?
    /// Tokens of a document that are read, at most: the first.
    public let longest: Int
    /// The highest level of a slot.
    private let levels: Int
    /// Floats that the layers keep for one row beside those for its tokens, about.
    public var floatsPerRow: Int { layers.reduce(0) { $0 + $1.floatsPerRow } }
    /// Floats of one block's gradient: P, and room for statistics.
    public let gradientLength: Int

    let device: any Device
    private let layers: [any EncoderLayer]
    /// Each layer's floats of the parameters.
    private let ranges: [Range<Int>]
    private let coarseLayers: Int
    private let streams: RandomStreams
    private let spare = SpareTapes()

    /// - Parameters:
    ///   - coarse, fine: the layers of `transform_coarse` and `transform_fine`.
    ///   - inputDims: D of the token embeddings, or of the dense features.
    ///   - streams: draws what the parameters start from, and the dropout.
    ///   - hasMoments: false: the optimiser's state is kept elsewhere.
    /// - Throws: `Failure` that names the layer and the argument: an unknown one, a size that doesn't fit what comes before.
    public init(
        coarse: [LayerDescription], fine: [LayerDescription], inputDims: Int, streams: RandomStreams, hasMoments: Bool = true,
        on device: any Device
    ) throws {
        input = EncoderBuilder.input(coarse)
        var builder = EncoderBuilder(inputDims: inputDims, input: input, on: device)
        try builder.append(coarse, part: "coarse")
        (coarseLayers, coarseCount, intermediateDims) = (builder.layers.count, builder.layout.count, builder.shape.dims)
        try builder.append(fine, part: "fine")
        (layers, outputDims, slots) = (builder.layers, builder.shape.dims, builder.layout.slots)
        ranges = builder.ranges
        (self.inputDims, self.streams, self.device) = (inputDims, streams, device)
        let values = device.tensor(rows: 1, cols: builder.layout.count)
        parameters = Parameter(value: values, hasMoments: hasMoments, on: device)
        gradientLength = builder.layout.count + builder.layout.statistics
        runs = builder.runs(coarse: coarseLayers)
        levels = builder.layout.level
        transformer = builder.transformer?.shape
        longest = builder.longest
        builder.layout.initialise(parameters.value, streams, on: device)
        prepare(training: false)
    }

    /// Floats of the parameters of such a stack, and D of z, without memory for them.
    ///
    /// - Throws: as the initialiser.
    public static func sizes(
        coarse: [LayerDescription], fine: [LayerDescription], inputDims: Int, on device: any Device
    ) throws -> (parameters: Int, outputDims: Int) {
        var builder = EncoderBuilder(inputDims: inputDims, input: EncoderBuilder.input(coarse), on: device)
        try builder.append(coarse, part: "coarse")
        try builder.append(fine, part: "fine")
        return (builder.layout.count, builder.shape.dims)
    }

    /// A layer changes the summed gradient, and wants all of its own.
    public var finishesGradient: Bool { layers.contains(where: \.finishesGradient) }

    /// Once before the blocks of a step run, and once before prediction; the same on every rank.
    ///
    /// - Parameter training: spectral norms make their power iteration, and the backward pass is made ready.
    public func prepare(training: Bool) {
        device.concurrently(layers.count) { [self] i in
            layers[i].prepare(parameters.value, training: training, on: device)
        }
    }

    /// x̂ and z of a block of rows.
    ///
    /// - Parameters:
    ///   - step: the step, from which dropout is drawn; nil: prediction.
    ///   - intermediate: rows×`intermediateDims`, padded; padding becomes zero. At stage `intermediate` it may be `block.x`.
    ///   - output: rows×`outputDims`, padded; padding becomes zero.
    ///   - tape: nil where no backward pass follows.
    public func forward(_ block: EncoderBlock, step: Int?, intermediate: Tensor, output: Tensor, tape: EncoderTape?) {
        if block.rows == 0 { return }
        guard let tape else {
            let spare = spare.take() ?? EncoderTape(on: device)
            forward(block, step: step, intermediate: intermediate, output: output, tape: spare)
            return self.spare.give(spare)
        }
        tape.plan.read(block)
        tape.inputs = Array(repeating: nil, count: layers.count)
        tape.step = step
        let coarse = block.stage == .input ? 0..<coarseLayers : coarseLayers..<coarseLayers
        copyRows(run(coarse, block.x, tape), to: intermediate)
        copyRows(run(coarseLayers..<layers.count, intermediate, tape), to: output)
    }

    private func run(_ range: Range<Int>, _ x: Tensor, _ tape: EncoderTape) -> Tensor {
        var x = x
        for i in range {
            tape.inputs[i] = x
            x = layers[i].forward(x, pass(i, tape))
        }
        return x
    }

    private func pass(_ layer: Int, _ tape: EncoderTape) -> LayerPass {
        LayerPass(
            device: device, values: parameters.value, plan: tape.plan, tape: tape.layer(layer),
            dropout: tape.step.map { streams.stream(.layerDropout, step: $0) }, parameterCount: parameters.cols)
    }

    /// The gradient of all parameters from this block, once after its forward pass.
    ///
    /// - Parameters:
    ///   - block: as forward; the contents of `intermediate` and of `block.x` must be as they were.
    ///   - outputGradient: of z, rows×`outputDims`.
    ///   - trainsCoarse: false: the pass ends at x̂, and the coarse part of the gradient is zero.
    ///   - gradient: 1×`gradientLength`, overwritten.
    ///   - inputGradient: of `block.x`, as large; overwritten, padding becomes zero. With `trainsCoarse` false, of x̂.
    public func backward(
        _ block: EncoderBlock, outputGradient: Tensor, tape: EncoderTape, trainsCoarse: Bool, gradient: Tensor,
        inputGradient: Tensor?
    ) {
        let all = LayerRun(layers: 0..<layers.count, floats: 0..<gradientLength)
        backward(
            all, block, outputGradient: outputGradient, tape: tape, trainsCoarse: trainsCoarse, gradient: gradient,
            inputGradient: inputGradient)
    }

    /// The part of `backward` that passes through one of `runs`, after those above it.
    ///
    /// - Parameter gradient: 1×|run.floats|, overwritten.
    public func backward(
        _ run: LayerRun, _ block: EncoderBlock, outputGradient: Tensor, tape: EncoderTape, trainsCoarse: Bool, gradient: Tensor,
        inputGradient: Tensor?
    ) {
        if block.rows == 0 { return device.fill(gradient, 0) }
        let last = trainsCoarse && block.stage == .input ? 0 : coarseLayers
        let gradients = LayerGradient(gradient, from: run.floats.lowerBound)
        clear(gradients, run, from: last)
        if run.layers.upperBound == layers.count {
            let g = tape.layer(layers.count).tensor(0, rows: block.rows, dims: outputDims)
            device.copy(outputGradient, to: g)
            tape.gradient = g
        }
        for i in (max(last, run.layers.lowerBound)..<max(last, run.layers.upperBound)).reversed() {
            guard let x = tape.inputs[i], let g = tape.gradient else { preconditionFailure("backward without forward") }
            let wants = i > last || inputGradient != nil
            tape.gradient = layers[i].backward(g, x: x, pass(i, tape), gradient: gradients, wantsInput: wants)
        }
        guard run.layers.lowerBound <= last, let inputGradient, let g = tape.gradient else { return }
        copyRows(g, to: inputGradient)
    }

    /// Zeros where the layers from `first` on do not overwrite what is there.
    private func clear(_ gradient: LayerGradient, _ run: LayerRun, from first: Int) {
        for number in run.layers where number < first || !layers[number].overwritesGradient {
            device.fill(gradient.flat(ranges[number]), 0)
        }
        if run.floats.upperBound > parameters.cols { device.fill(gradient.flat(parameters.cols..<gradientLength), 0) }
    }

    /// Ends a step: what the summed gradient still lacks (the spectral norms' part), running statistics, then the optimiser.
    ///
    /// - Parameters:
    ///   - gradient: the sum of the blocks' gradients, 1×`gradientLength`; destroyed.
    ///   - blocks: how many blocks of at least one row were summed.
    public func update(gradient: Tensor, blocks: Int, trainsCoarse: Bool, _ step: OptimiserStep) {
        finishGradient(gradient, blocks: blocks, trainsCoarse: trainsCoarse)
        apply(gradient, trainsCoarse: trainsCoarse, step)
    }

    /// The first half of `update`: afterwards `gradient` is that of the trained slots, for any optimiser.
    public func finishGradient(_ gradient: Tensor, blocks: Int, trainsCoarse: Bool) {
        let all = LayerRun(layers: 0..<layers.count, floats: 0..<gradientLength)
        finishGradient(gradient, of: all, blocks: blocks, trainsCoarse: trainsCoarse)
    }

    /// The same of a run's gradient, 1×|run.floats|.
    public func finishGradient(_ gradient: Tensor, of run: LayerRun, blocks: Int, trainsCoarse: Bool) {
        let step = FinishedStep(blocks: blocks, parameterCount: parameters.cols)
        let gradients = LayerGradient(gradient, from: run.floats.lowerBound)
        for number in run.layers where trainsCoarse || number >= coarseLayers {
            layers[number].finish(gradient: gradients, parameters.value, step, on: device)
        }
    }

    /// The second half of `update`.
    ///
    /// - Parameter layerDecay: of a transformer's layers, each below the last learns at this share of the rate of the one above.
    public func apply(_ gradient: Tensor, trainsCoarse: Bool, _ step: OptimiserStep, layerDecay: Double = 1) {
        apply(gradient, to: parameters, from: 0, trainsCoarse: trainsCoarse, step, layerDecay: layerDecay)
    }

    /// The optimiser's step on some neighbouring floats of the parameters.
    ///
    /// - Parameters:
    ///   - gradient: of these, 1×count or longer.
    ///   - share: 1×count: a view of the parameters' values, with the optimiser's state.
    ///   - first: the first of them.
    public func apply(
        _ gradient: Tensor, to share: Parameter, from first: Int, trainsCoarse: Bool, _ step: OptimiserStep,
        layerDecay: Double = 1
    ) {
        let floats = first..<first + share.cols
        for slot in trainedSlots(trainsCoarse) where slot.range.overlaps(floats) {
            let own = (slot.rows == 1 ? step.forVectors : step).scaled(by: rateFactor(level: slot.level, layerDecay))
            let part = slot.range.clamped(to: floats), start = part.lowerBound - first
            device.forRanges(part.count, grain: 1 << 15) { [self] piece in
                let range = start + piece.lowerBound..<start + piece.upperBound
                device.update(share, range, gradient: gradient.flat(range), own)
            }
        }
    }

    private func trainedSlots(_ trainsCoarse: Bool) -> [ParameterSlot] {
        slots.filter { $0.isTrained && (trainsCoarse || $0.range.lowerBound >= coarseCount) }
    }

    /// Of the slots at a level; level 0: also of the token embeddings.
    public func rateFactor(level: Int, _ layerDecay: Double) -> Float { Float(pow(layerDecay, Double(levels - level))) }

    /// The sums of squares of a run's gradient (1×|run.floats|), slot by slot of the trained ones: their sum over all runs, in ascending
    /// order, is the square of the gradient's Euclidean norm.
    public func squareSums(of gradient: Tensor, _ run: LayerRun, trainsCoarse: Bool) -> [Double] {
        let gradients = LayerGradient(gradient, from: run.floats.lowerBound)
        let slots = trainedSlots(trainsCoarse).filter { run.floats.contains($0.range.lowerBound) }
        return device.squareSums(slots.map { gradients.flat($0.range) })
    }

    /// The Euclidean norm of a gradient's trained slots, summed in one order.
    public func norm(of gradient: Tensor, trainsCoarse: Bool) -> Double {
        let all = LayerRun(layers: 0..<layers.count, floats: 0..<gradientLength)
        return squareSums(of: gradient, all, trainsCoarse: trainsCoarse).reduce(0, +).squareRoot()
    }

    private func copyRows(_ x: Tensor, to y: Tensor) {
        if x.isSame(as: y) { return }
        device.copy(x, to: y)
        device.clearPadding(of: y)
    }
}

/// Tapes for passes that no backward pass follows.
private final class SpareTapes: @unchecked Sendable {
    private let lock = NSLock()
    private var tapes: [EncoderTape] = []

    func take() -> EncoderTape? { lock.withLock { tapes.popLast() } }

    func give(_ tape: EncoderTape) { lock.withLock { tapes.append(tape) } }
}
