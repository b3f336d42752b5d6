import DeepXMLModel
import Devices
import Support
import Transport

/// ∂z of a batch, B×D: the sum of the virtual shards' parts in the order of a fixed tree, on every worker what its encoder wants.
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
            let result = device.paddedTensor(rows: rows, dims: dims)
            self.result = result
            // Who is alone brings the whole sum.
            partials = group.size == 1 ? [result.withPadding] : ownNodes.map { _ in device.tensor(rows: rows, cols: ld) }
            (all, whole) = ([], nil)
            return
        }
        let parts = (0..<total).map { _ in shared.tensor(rows: rows, cols: ld) }
        result = shared.paddedTensor(rows: rows, dims: dims)
        partials = Array(parts[own])
        (all, whole) = (parts.map(shared.floats), shared.floats(of: result.withPadding))
    }

    /// Sums what `partials` hold of a batch. Of a worker that is alone, `result` holds it already.
    ///
    /// - Parameters:
    ///   - taken: gets the floats of the result that are there for the encoder's `take`.
    func run(rows: Int, parts: GradientParts, taken: (Range<Int>) -> Void) throws {
        let floats = rows * result.stride
        if group.size == 1 { return taken(0..<floats) }
        guard let shared, let whole else { return taken(try send(rows: rows, parts)) }
        try shared.barrier()
        let block = group.ownSlice(floats)
        reduction.sum(shared: all, block: block, into: whole)
        if parts == .shared { taken(block) }
        try shared.barrier()
        if parts != .shared { taken(0..<floats) }
    }

    /// - Returns: the floats of the result that this worker has.
    private func send(rows: Int, _ parts: GradientParts) throws -> Range<Int> {
        let device = group.device, sum = result.rows(0..<rows).withPadding, ld = result.stride
        let blocks = group.slices(rows).map { $0.lowerBound * ld..<$0.upperBound * ld }, own = blocks[group.rank]
        try device.withHost(partials, .read) { partials in
            try device.withHost(sum, .write) { sum in
                guard parts == .rows else { return try reduction.allReduce(partials: partials, into: sum) }
                try reduction.reduceScatter(partials: partials, blocks: blocks, into: sum.view(own))
            }
        }
        return parts == .rows ? own : 0..<rows * ld
    }
}
