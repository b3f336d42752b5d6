import Checkpoint
import DeepXMLModel
import Devices
import Support
import Transport

/// How the workers of a group learn a stack's layers, whose parameters are whole on each of them.
///
/// Run by run of layers, from the top, a worker makes the gradient of its blocks of rows, and sends it while it computes the next
/// run's. Each worker owns a part of every run: there the gradients meet, in a fixed tree; it alone keeps the optimiser's state of
/// that part and makes its step (ZeRO's stage 1: Rajbhandari et al., SC 2020); then all get the new parameters. A step goes element
/// by element, so that the number of workers changes no bit.
final class LayerOptimiser: @unchecked Sendable {
    /// Makes a run's gradient of a block, overwriting it.
    typealias Backward = @Sendable (_ run: LayerRun, _ block: Int, _ gradient: Tensor) -> Void

    private struct Run {
        let layers: LayerRun
        /// The parameters that each worker owns.
        let owned: [Range<Int>]
        /// This worker's.
        let share: Parameter
        /// 1×: of the whole run, or of what this worker owns.
        let gradient: Tensor
    }

    private let group: WorkerGroup
    private let device: any Device
    private let stack: EncoderStack
    private let settings: OptimiserSettings
    private let trainsCoarse: Bool
    /// Layers or the norm want the gradient whole on every worker.
    private let isWhole: Bool
    private let reduction: TreeReduction
    private let leafSums: LeafSums
    /// From the lowest on. What isn't trained is not among them.
    private let runs: [Run]
    /// The optimiser's state of all that this worker owns, run after run.
    private let firstMoment: Tensor, secondMoment: Tensor
    /// Partial sums on their way: one set is filled while others are sent. None where a worker is alone.
    private let partials: [[Tensor]]
    /// nil: there is nothing to compute meanwhile.
    private let messages: SideThread?
    /// Seconds of a step's messages on that thread.
    private var messageSeconds = 0.0

    init(_ stack: EncoderStack, group: WorkerGroup, settings: OptimiserSettings, trainsCoarse: Bool) {
        let device = group.device
        (self.stack, self.group, self.device, self.settings) = (stack, group, device, settings)
        self.trainsCoarse = trainsCoarse
        let isWhole = stack.finishesGradient || settings.clipNorm != nil
        self.isWhole = isWhole
        reduction = TreeReduction(over: group.communicator, leaves: BlockCut.count, runs: group.slices(BlockCut.count))
        let trained = stack.runs.filter { trainsCoarse || $0.floats.upperBound > stack.coarseCount }
        let parameters = stack.parameters.cols
        let owned = trained.map { run in Self.cut(run.floats.clamped(to: 0..<parameters), group) }
        let own = owned.map { $0[group.rank] }, places = runningRanges(own.map(\.count))
        let moments = (0..<2).map { _ in device.tensor(rows: 1, cols: places.last?.upperBound ?? 0) }
        (firstMoment, secondMoment) = (moments[0], moments[1])
        let values = stack.parameters.value, wantsWhole = isWhole || group.size == 1
        runs = trained.indices.map { i in
            let share = Parameter(
                value: values.flat(own[i]), firstMoment: moments[0].flat(places[i]), secondMoment: moments[1].flat(places[i]))
            let gradient = device.tensor(rows: 1, cols: wantsWhole ? trained[i].floats.count : own[i].count)
            return Run(layers: trained[i], owned: owned[i], share: share, gradient: gradient)
        }
        let longest = trained.map(\.floats.count).max() ?? 0, isAlone = group.size == 1
        leafSums = LeafSums(rows: 1, cols: longest, on: device)
        messages = isAlone || runs.count < 2 ? nil : SideThread()
        let nodes = reduction.ownNodes, sets = isAlone ? 0 : messages == nil ? 1 : SideThread.ahead + 1
        partials = (0..<sets).map { _ in nodes.map { _ in device.tensor(rows: 1, cols: longest) } }
    }

    private static func cut(_ floats: Range<Int>, _ group: WorkerGroup) -> [Range<Int>] {
        group.slices(floats.count).map { floats.lowerBound + $0.lowerBound..<floats.lowerBound + $0.upperBound }
    }

    // MARK: A step

    /// Makes the gradient, each block's by `backward`, and sums it over the blocks of all workers.
    func backward(_ backward: @escaping Backward) throws {
        let blocked = messages?.blockedSeconds ?? 0
        messageSeconds = 0
        for (number, run) in runs.reversed().enumerated() {
            let floats = run.layers.floats.count
            // Set k is sent by now: at most `ahead` runs are on their way.
            let sums = partials.isEmpty ? [run.gradient] : partials[number % partials.count].map { $0.columns(0..<floats) }
            for (node, sum) in zip(reduction.ownNodes, sums) {
                leafSums.sum(node.leaves, into: sum) { block, out in backward(run.layers, block, out) }
            }
            if partials.isEmpty || floats == 0 { continue }
            guard let messages else { try reduce(run, sums); continue }
            messages.add { [self] in
                let waited = group.communicator.waitedSeconds
                try reduce(run, sums)
                messageSeconds += group.communicator.waitedSeconds - waited
            }
        }
        guard let messages else { return }
        try messages.finish()
        group.overlappedSeconds += messageSeconds - (messages.blockedSeconds - blocked)
    }

    private func reduce(_ run: Run, _ sums: [Tensor]) throws {
        let first = run.layers.floats.lowerBound
        let blocks = run.owned.map { $0.lowerBound - first..<$0.upperBound - first }
        try device.withHost(sums, .read) { sums in
            try device.withHost(run.gradient, .write) { result in
                if isWhole { return try reduction.allReduce(partials: sums, into: result) }
                try reduction.reduceScatter(partials: sums, blocks: blocks, into: result)
            }
        }
    }

    /// The step on all layers, after `backward`.
    ///
    /// - Parameters:
    ///   - blocks: how many blocks of at least one row there were.
    ///   - inputs: gradients of what the layers have read, which are scaled with the layers' where the norm is too large.
    func step(_ numbers: OptimiserStep, blocks: Int, inputs: Tensor?) throws {
        if isWhole {
            for run in runs {
                stack.finishGradient(run.gradient, of: run.layers, blocks: blocks, trainsCoarse: trainsCoarse)
            }
        }
        clip(inputs)
        for run in runs {
            let first = run.owned[group.rank].lowerBound, offset = isWhole ? first - run.layers.floats.lowerBound : 0
            stack.apply(
                run.gradient.columns(offset..<offset + run.share.cols), to: run.share, from: first, trainsCoarse: trainsCoarse,
                numbers, layerDecay: settings.layerDecay)
        }
        guard group.size > 1 else { return }
        try device.withHost(stack.parameters.value, .readWrite) { values in
            for run in runs where !run.layers.floats.isEmpty { try group.communicator.allgather(values, blocks: run.owned) }
        }
    }

    /// Scales the layers' gradient, and with it the tokens', where its norm is above what the optimiser wants: the same numbers on
    /// every worker.
    private func clip(_ inputs: Tensor?) {
        guard let limit = settings.clipNorm else { return }
        let squares = runs.flatMap { stack.squareSums(of: $0.gradient, $0.layers, trainsCoarse: trainsCoarse) }
        let norm = squares.reduce(0, +).squareRoot()
        guard norm > limit else { return }
        let factor = Float(limit / norm)
        for gradient in runs.map(\.gradient) + [inputs].compactMap({ $0 }) {
            device.scale(gradient, by: factor, into: gradient)
        }
    }

    // MARK: State

    /// The optimiser's state as parts of two arrays of all parameters: of each worker, neighbouring floats. Collective.
    func storedMoments(_ name: String) throws -> [StoredArray] {
        let count = stack.parameters.cols, slices = group.slices(count), own = slices[group.rank]
        return try [(name + ".m", firstMoment), (name + ".v", secondMoment)].map { name, moment in
            let part = moment.cols == count ? device.matrix(moment) : DenseMatrix(rows: 1, cols: own.count)
            if moment.cols < count { try gather(moment, slices, into: part.buffer) }
            return StoredArray(name, part, .columns(start: own.lowerBound, total: count))
        }
    }

    /// What of the workers' own parts lies in this worker's slice of all floats; zeros where nobody learns.
    private func gather(_ moment: Tensor, _ slices: [Range<Int>], into part: Buffer<Float>) throws {
        let own = slices[group.rank], places = runningRanges(runs.map(\.share.cols))
        try device.withHost(moment, .read) { moment in
            var send: [Message] = [], receive: [Message] = []
            for (run, place) in zip(runs, places) {
                let first = run.owned[group.rank].lowerBound
                for peer in 0..<group.size {
                    let gives = run.owned[group.rank].clamped(to: slices[peer]), takes = run.owned[peer].clamped(to: own)
                    let from = gives.shifted(by: place.lowerBound - first), to = takes.shifted(by: -own.lowerBound)
                    if peer == group.rank {
                        if !gives.isEmpty { part[to].update(from: moment[from]) }
                        continue
                    }
                    if !gives.isEmpty { send.append(Message(peer: peer, bytes: moment.bytes(of: from))) }
                    if !takes.isEmpty { receive.append(Message(peer: peer, bytes: part.bytes(of: to))) }
                }
            }
            try group.communicator.exchange(send: send, receive: receive)
        }
    }

    func restoreMoments(_ name: String, _ reader: CheckpointReader) throws {
        for run in runs {
            for (name, moment) in [(name + ".m", run.share.firstMoment), (name + ".v", run.share.secondMoment)] {
                device.upload(try reader.columns(name, run.owned[group.rank]), to: moment)
            }
        }
    }
}

extension Range<Int> {
    fileprivate func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
