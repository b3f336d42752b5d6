import Kernels
import Support

/// The shortlist step, label-major.
final class CPUShortlists: ShortlistOperation, @unchecked Sendable {
    private let task: ClassifierTask
    private let classifier: ClassifierShard
    private let leafSums: LeafSums
    private let lists: LabelPairs
    private let workspaces: BufferPool
    var negatives: NegativeShortlists

    init(_ task: ClassifierTask, sizes: ShortlistSizes, negatives: NegativeShortlists, on device: CPUDevice) {
        self.task = task
        classifier = task.classifier
        self.negatives = negatives
        leafSums = LeafSums(rows: task.batchSize, cols: classifier.ld, on: device)
        workspaces = BufferPool(length: dx_shortlist_workspace(task.batchSize, classifier.ld))
        lists = LabelPairs(
            labels: classifier.labels, labelCount: task.truth.cols, batchSize: task.batchSize, sizes: sizes)
    }

    var pairs: (count: Int, distinctLabels: Int) { (lists.count, lists.distinctLabels) }

    func prepare(docs: [Int32], stream: RandomStream) {
        lists.assemble(docs: docs, truth: task.truth, negatives: negatives, stream: stream.kernel)
    }

    func prepare(docs: [Int32], stream: RandomStream, random: RandomLabels) {
        lists.assemble(docs: docs, truth: task.truth, negatives: negatives, stream: stream.kernel, random: random)
    }

    func randomLabels(docs: [Int32], stream: RandomStream) -> RandomLabels {
        lists.randomLabels(docs: docs, truth: task.truth, negatives: negatives, stream: stream.kernel)
    }

    func run(_ leaves: Range<Int>, z: Tensor, step: OptimiserStep, dz: Tensor) -> StepLosses {
        let losses = Buffer<Double>(count: leaves.count)
        leafSums.sum(leaves, into: dz.room(rows: task.batchSize, cols: classifier.ld)) { [self] leaf, out in
            losses[leaf - leaves.lowerBound] = run(task.leaves[leaf], z: z, step: step.kernel, dz: out.pointer)
            if !classifier.hasBias { classifier.clearBias(task.leaves[leaf]) }
        }
        return StepLosses(losses.array)
    }

    /// One leaf: its part of ∂z into `dz`, B×ld.
    private func run(_ rows: Range<Int>, z: Tensor, step: dx_adam, dz: UnsafeMutablePointer<Float>) -> Double {
        let batch = z.rows, ld = classifier.ld, scale = 1 / Float(batch)
        dz.update(repeating: 0, count: batch * ld)
        let (starts, sorted) = (lists.starts.pointer, lists.sorted.pointer)
        let (w, mw, vw) = classifier.weight.pointers
        let (bias, mb, vb) = classifier.bias.pointers
        return workspaces.with { workspace in
            switch task.loss {
            case .bce:
                dx_shortlist_step(
                    rows.lowerBound, rows.upperBound, starts, sorted, z.pointer, batch, dz, w, mw, vw, bias, mb, vb, ld, scale,
                    step, workspace.pointer)
            case .hinge, .squaredHinge:
                dx_shortlist_margin_step(
                    rows.lowerBound, rows.upperBound, starts, sorted, z.pointer, batch, dz, w, mw, vw, bias, mb, vb, ld, scale,
                    step, task.loss == .squaredHinge ? 1 : 0, workspace.pointer)
            }
        }
    }
}

extension ClassifierShard {
    /// Steps always move the bias, which costs less than asking.
    func clearBias(_ rows: Range<Int>) {
        bias.value.row(rows.lowerBound).update(repeating: 0, count: rows.count)
    }
}

extension Parameter {
    /// Where value, first and second moment begin.
    fileprivate var pointers: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) {
        (value.pointer, firstMoment.pointer, secondMoment.pointer)
    }
}
