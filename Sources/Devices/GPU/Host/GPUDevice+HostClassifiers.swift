import Support

// Steps of classifiers: one-vs-all in bfloat16 is the CPU's.
extension GPUDevice {
    public func oneVsAll(_ task: ClassifierTask, precision: ClassifierPrecision) -> any ClassifierOperation {
        if precision == .float32 { return GPUOneVsAll(task, on: self) }
        let copy = HostClassifier(task.classifier, host)
        return HostClassifierOperation(task, copy, host.oneVsAll(copy.task(task), precision: precision), self)
    }

    public func shortlists(_ task: ClassifierTask, sizes: ShortlistSizes, negatives: NegativeShortlists)
        -> any ShortlistOperation
    {
        GPUShortlists(task, sizes: sizes, negatives: negatives, on: self)
    }
}

/// Classifiers of a GPU and a copy on the host.
final class HostClassifier: Sendable {
    private let device: ClassifierShard, copy: ClassifierShard

    init(_ device: ClassifierShard, _ host: CPUDevice) {
        self.device = device
        copy = ClassifierShard(labels: device.labels, dims: device.dims, hasBias: device.hasBias, on: host)
    }

    func task(_ task: ClassifierTask) -> ClassifierTask {
        var own = task
        own.classifier = copy
        return own
    }

    private var pairs: [(device: Tensor, host: Tensor)] {
        zip([device.weight, device.bias], [copy.weight, copy.bias]).flatMap { device, host in
            [(device.value, host.value), (device.firstMoment, host.firstMoment), (device.secondMoment, host.secondMoment)]
        }
    }

    func download(_ rows: Range<Int>, from device: GPUDevice) {
        for (from, to) in pairs { device.read(from.rows(rows), into: to.row(rows.lowerBound), count: rows.count * from.cols) }
    }

    func upload(_ rows: Range<Int>, to device: GPUDevice) {
        for (to, from) in pairs { device.write(from.row(rows.lowerBound), count: rows.count * to.cols, to: to.rows(rows)) }
    }
}

/// The CPU's step on a copy of the classifiers.
final class HostClassifierOperation: ClassifierOperation, @unchecked Sendable {
    private let task: ClassifierTask
    private let copy: HostClassifier
    private let operation: any ClassifierOperation
    private let device: GPUDevice

    init(_ task: ClassifierTask, _ copy: HostClassifier, _ operation: any ClassifierOperation, _ device: GPUDevice) {
        (self.task, self.copy, self.operation, self.device) = (task, copy, operation, device)
    }

    func prepare(docs: [Int32], stream: RandomStream) { operation.prepare(docs: docs, stream: stream) }

    func run(_ leaves: Range<Int>, z: Tensor, step: OptimiserStep, dz: Tensor) -> [Double] {
        let rows = task.leaves[leaves], labels = (rows.map(\.lowerBound).min() ?? 0)..<(rows.map(\.upperBound).max() ?? 0)
        copy.download(labels, from: device)
        // The sum has the rows of a whole batch, where this one may have fewer.
        let room = Tensor(dz.memory, offset: dz.offset, rows: task.batchSize, cols: dz.stride)
        let losses = device.onHost(read: [z], write: [room]) {
            operation.run(leaves, z: $1[0], step: step, dz: $1[1].dims(like: dz))
        }
        copy.upload(labels, to: device)
        return losses
    }
}

extension Tensor {
    /// The rows and columns that another has.
    fileprivate func dims(like other: Tensor) -> Tensor {
        Tensor(memory, offset: offset, rows: other.rows, cols: other.cols, stride: stride)
    }
}
