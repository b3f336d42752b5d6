import DeepXMLModel
import Devices
import Support
import Transport

/// ∂z of a batch, B×D: the sum of the virtual shards' parts in the order of a fixed tree, whole on every worker.
///
/// Workers on one node put their parts into memory that all share, and each sums a block of them; others send them.
final class GradientSum {
    /// B×D with padding; its first rows are those of the batch.
    let result: Tensor
    /// The nodes of the tree that this worker brings, and a tensor for each: B×ld.
    let ownNodes: [TreeNode]
    let partials: [Tensor]

    private let group: WorkerGroup
    private let reduction: TreeReduction
    private let shared: SharedTensors?
    /// Where memory is shared: the partial sums of all workers, and the result.
    private let all: [Buffer<Float>], whole: Buffer<Float>?

    /// Collective.
    ///
    /// - Parameter runs: the leaves of each worker.
    init(_ group: WorkerGroup, rows: Int, dims: Int, leaves: Int, runs: [Range<Int>]) throws {
        let ld = paddedWidth(dims), device = group.device
        let reduction = TreeReduction(over: group.communicator, leaves: leaves, runs: runs), counts = reduction.nodeCounts
        let total = counts.reduce(0, +), own = runningRanges(counts)[group.rank]
        let shared = try SharedTensors(group, for: Array(repeating: (rows, ld), count: total + 1))
        (self.group, self.reduction, self.shared) = (group, reduction, shared)
        ownNodes = reduction.ownNodes
        guard let shared else {
            result = device.paddedTensor(rows: rows, dims: dims)
            partials = ownNodes.map { _ in device.tensor(rows: rows, cols: ld) }
            (all, whole) = ([], nil)
            return
        }
        let parts = (0..<total).map { _ in shared.tensor(rows: rows, cols: ld) }
        result = shared.paddedTensor(rows: rows, dims: dims)
        partials = Array(parts[own])
        (all, whole) = (parts.map(shared.floats), shared.floats(of: result.withPadding))
    }

    /// Sums what `partials` hold of a batch.
    ///
    /// - Parameters:
    ///   - isTakenInParts: `taken` gets what this worker has summed; else all of it.
    ///   - taken: gets the floats of the result that are there.
    func run(rows: Int, isTakenInParts: Bool, taken: (Range<Int>) -> Void) throws {
        let floats = rows * result.stride
        guard let shared, let whole else {
            let device = group.device, sum = result.rows(0..<rows).withPadding
            try device.withHost(partials, .read) { partials in
                try device.withHost(sum, .write) { try reduction.allReduce(partials: partials, into: $0) }
            }
            return taken(0..<floats)
        }
        try shared.barrier()
        let block = group.ownSlice(floats)
        reduction.sum(shared: all, block: block, into: whole)
        if isTakenInParts { taken(block) }
        try shared.barrier()
        if !isTakenInParts { taken(0..<floats) }
    }
}
